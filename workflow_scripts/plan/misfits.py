"""Find what is of the right form in the config but does not fit together."""

import re
from pathlib import Path

from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.prepare import PER_CLASS
from workflow_scripts.plan import (
    adapters,
    arms,
    curricula,
    label_tables,
    lungs,
    names,
    pictures,
    task_kinds,
)
from workflow_scripts.plan.families import members, unknown
from workflow_scripts.plan.settings import Settings, simulated

SIZE = re.compile(r"([0-9.]+)(.*)")  # of a budget, and its unit


def refuse(config: Settings) -> None:
    """Refuse a `config` whose parts do not fit together.

    Raises:
        InputError: one line for every misfit.
    """
    found = _dataset_misfits(config)
    if not found:  # what a dataset can tell is known only of a sound one
        found = [
            *lungs.misfits(config),
            *arms.misfits(config),
            *curricula.misfits(config),
            *_task_misfits(config),
            *pictures.misfits(config),
        ]
    if not found:
        found = _sweep_misfits(config)
    if found:
        raise InputError("\n".join(f"config: {line}" for line in found))


def _dataset_misfits(config: Settings) -> list[str]:
    found: list[str] = []
    for check in config["ingest"]["picture_checks"]:
        found += unknown("ingest.picture_checks", check, members("check"))
    for name, dataset in config["datasets"].items():
        place = f"datasets.{name}"
        odd = unknown(f"{place}.adapter", dataset["adapter"], members("adapter"))
        found += odd
        if odd or simulated(config, dataset):
            continue
        root = Path(dataset["root"])
        if not root.is_dir():
            found.append(f"{place}.root: no folder {str(root)!r}")
        else:
            found += adapters.misfits(place, dataset)
            if dataset["labels"]:
                labels = dataset["labels"]
                found += label_tables.misfits(f"{place}.labels", root, labels)
        found += _mask_misfits(place, dataset)
    return found


def _mask_misfits(place: str, dataset: Settings) -> list[str]:
    mask_place = adapters.mask_place(dataset)
    if mask_place is None:
        return []
    source = adapters.mask_source(dataset)
    found = unknown(f"{place}.lung_masks", source, members("mask source"))
    if not mask_place.exists():
        found.append(f"{place}.lung_masks: nothing at {str(mask_place)!r}")
    return found


def _task_misfits(config: Settings) -> list[str]:
    found: list[str] = []
    for name, task in config["tasks"].items():
        place = f"tasks.{name}"
        if name in config["datasets"]:
            found.append(f"{place}: a dataset has this name too; they share a folder")
        found += task_kinds.misfits(place, task)
        for dataset in (task["data"], *task["external"]):
            if misfit := unknown(place, dataset, sorted(config["datasets"])):
                found += misfit
                continue
            if names.asks_pictures(task):
                continue
            known = adapters.findings(config["datasets"][dataset])
            if not known:
                found.append(f"{place}: datasets.{dataset} has no labels")
                continue
            for finding in task["findings"]:
                at = f"{place}.findings ({dataset})"
                found += unknown(at, finding, known)
        if task["data"] in task["external"]:
            found.append(f"{place}.external: {task['data']!r} is trained on")
        for other, choice in config["tasks"].items():
            if task["data"] in choice["external"]:
                found.append(
                    f"{place}.data: {task['data']!r} is an external test set of "
                    f"tasks.{other}; it may not be trained on"
                )
    return found


def _sweep_misfits(config: Settings) -> list[str]:
    found: list[str] = []
    sweep = config["sweep"]
    for encoder in sweep["encoders"]:
        found += unknown("sweep.encoders", encoder, sorted(config["encoders"]))
    for protocol in sweep["protocols"]:
        found += unknown("sweep.protocols", protocol, members("protocol"))
    for shortcut in config["evaluate"]["shortcuts"]:
        found += unknown("evaluate.shortcuts", shortcut, members("shortcut"))
    baseline = config["evaluate"]["baseline"]
    found += unknown("evaluate.baseline", baseline, sorted(sweep["encoders"]))
    found += _budget_misfits(config)
    return found


def _budget_misfits(config: Settings) -> list[str]:
    sweep, found = config["sweep"], []
    given = [str(budget) for budget in sweep["labels"]]
    parts = [SIZE.findall(label)[0] for label in given]
    sizes = {(float(number), unit) for number, unit in parts}
    if len(sizes) < len(given) or (0.0, "%") in sizes:
        found.append("sweep.labels: every budget above 0, and none of them twice")
    least = sweep["least_patients"]
    for number, unit in sorted(sizes):
        if unit == PER_CLASS and number < least:
            found.append(
                f"sweep.labels: {number:g}{unit} is less than the {least} of each "
                "class that every budget holds (sweep.least_patients)"
            )
    counts = [budget for budget in sweep["labels"] if isinstance(budget, int)]
    for name, task in config["tasks"].items():
        patients = label_tables.n_patients(config, config["datasets"].get(task["data"]))
        if counts and patients is not None and max(counts) > patients:
            found.append(
                f"sweep.labels: {max(counts)} patients are more than the {patients} "
                f"of tasks.{name}"
            )
    return found
