"""What encoders had learnt from labels before any budget was counted."""

from collections.abc import Iterator
from typing import Any

from workflow_scripts.report.blocks import Text
from workflow_scripts.report.marks import MARK
from workflow_scripts.report.material import Encoder, Material
from workflow_scripts.report.words import count, listed

NONE = "none here"
OUTSIDE = "not known (weights from outside)"


def notices(material: Material) -> list[Text]:
    """Return what must be known before the curves of taught encoders are read."""
    told = []
    arms = [one for one in material.encoders if one.name in material.arms]
    if taught := [encoder for encoder in arms if encoder.labels_seen]:
        numbers = {encoder.name: count(n_labels(encoder)) for encoder in taught}
        one = f"{next(iter(numbers.values()))} labels"
        each = listed([f"{name} {number}" for name, number in numbers.items()])
        learnt = one if len(set(numbers.values())) == 1 else f"labels ({each})"
        told.append(
            f"Encoders marked {MARK} had learnt {learnt} before any budget was "
            "counted: their budgets are not what they cost; they are an upper "
            "reference."
        )
    if brought := [one.name for one in arms if from_outside(material, one)]:
        told.append(
            f"What had been learnt by the weights from outside ({listed(brought)}) is "
            "not known: if it was findings like these, budgets are not what they cost "
            "either."
        )
    return [Text(text=text, strong=MARK in text) for text in told]


def left_out(material: Material) -> list[str]:
    """Return a sentence on the arms that say nothing of how many labels one needs."""
    names = [name for name in material.arms if name not in material.counted]
    if not names:
        return []
    verb, whose = ("is", "it") if len(names) == 1 else ("are", "they")
    return [
        f"{listed(names)} {verb} left out of this answer: {whose} had learnt labels "
        f"before any budget was counted, and {verb} an upper reference."
    ]


def n_labels(encoder: Encoder) -> int:
    """Return how many labels it had learnt; the same of two stages count once."""
    different = {tuple(sorted(map(repr, e.items()))): e for e in encoder.labels_seen}
    return sum(int(entry["labels"]) for entry in different.values())


def from_outside(material: Material, encoder: Encoder) -> bool:
    """Say whether the encoder, or what it goes on from, began with brought weights."""
    asked = material.config["encoders"][encoder.lineage[0]]
    return str(asked.get("weights", "random")) != "random"


def labels_seen(material: Material, encoder: Encoder) -> str:
    """Return of how many labels, images and patients it had learnt, and by whom."""
    told = []
    for name, entry in _lessons(material, encoder):
        patients = count(entry["patients"]) if entry["patients"] else "unknown"
        told.append(
            f"{count(entry['labels'])} of {listed(entry['findings'])} "
            f"({count(entry['images'])} images of {patients} patients), by {name}"
        )
    if from_outside(material, encoder):
        told.append(f"before that {OUTSIDE}" if told else OUTSIDE)
    return "; ".join(told) or NONE


def _lessons(material: Material, encoder: Encoder) -> Iterator[tuple[str, Any]]:
    """Yield each note of labels with the encoder of the chain that added it."""
    known = 0
    for one in material.chain(encoder):
        for entry in one.labels_seen[known:]:
            yield one.name, entry
        known = len(one.labels_seen)
