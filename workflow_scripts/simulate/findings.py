"""What illness does to a chest, seen from the front.

Each finding takes a severity in (0, 1]; 0 leaves the chest as it is. Where a finding
sits belongs to the person, so that it stays in place from study to study.
"""

from dataclasses import dataclass

import numpy as np

from workflow_scripts.simulate.frontal import Chest
from workflow_scripts.simulate.geometry import dome, ellipse, ramp, texture
from workflow_scripts.simulate.people import Person

PATCHES = 3


@dataclass(frozen=True, kw_only=True)
class Lesions:
    """Where a person's findings sit; sides are -1 right and 1 left."""

    effusion: tuple[float, float]  # share of the severity on the right, on the left
    patches: tuple[tuple[float, float, float], ...]  # side, across, down the lung
    patch_tilt: float
    patch_seed: int
    nodule: tuple[float, float, float]
    pneumothorax: float  # its side


def draw_lesions(rng: np.random.Generator) -> Lesions:
    """Draw where one person's findings sit."""
    sides = ((1.0, 0.0), (0.0, 1.0), (1.0, 0.75), (0.75, 1.0))
    lung = float(rng.choice((-1.0, 1.0)))
    lobe = (lung, float(rng.uniform(0.35, 0.75)), float(rng.uniform(0.25, 0.85)))
    near = [
        (
            lung if rng.random() < 0.75 else -lung,
            float(np.clip(lobe[1] + rng.normal(0, 0.12), 0.3, 0.85)),
            float(np.clip(lobe[2] + rng.normal(0, 0.13), 0.15, 0.9)),
        )
        for _ in range(PATCHES - 1)
    ]
    return Lesions(
        effusion=sides[int(rng.choice(4, p=(0.36, 0.29, 0.2, 0.15)))],
        patches=(lobe, *near),
        patch_tilt=float(rng.uniform(-0.9, 0.9)),
        patch_seed=int(rng.integers(2**31)),
        nodule=(
            float(rng.choice((-1.0, 1.0))),
            float(rng.uniform(0.35, 0.85)),
            float(rng.uniform(0.15, 0.85)),
        ),
        pneumothorax=float(rng.choice((-1.0, 1.0))),
    )


def heart_ratio(person: Person, severity: float, *, bed: bool, breath: float) -> float:
    """Return the cardiothoracic ratio as it appears: 0.5 is the usual limit.

    Args:
        person: gives the healthy ratio.
        severity: of cardiomegaly.
        bed: the heart is farther from the detector, so magnified.
        breath: less air lifts the domes and lays the heart flat.
    """
    ill = 0.035 + 0.14 * severity if severity > 0 else 0.0
    return (person.cardiothoracic + ill) * (1.05 if bed else 1.0) / breath**0.4


def add_effusion(
    chest: Chest, person: Person, lesions: Lesions, severity: float
) -> None:
    """Fill the pleural space from the angle up, higher at the wall (the meniscus)."""
    for side, share in zip((-1, 1), lesions.effusion, strict=True):
        if severity * share == 0:
            continue
        corner = chest.domes[side > 0] + person.dome_curve
        level = person.dome_curve * 0.3 + 11.5 * severity * share
        edge = corner - level * (0.5 + 0.5 * np.minimum(chest.across, 1) ** 3)
        fluid = ramp(chest.grid.y - edge, 0.55) * (chest.side == side)
        chest.lung *= 1 - 0.93 * fluid


def add_consolidation(chest: Chest, lesions: Lesions, severity: float) -> None:
    """Replace air by fluid in soft, ragged patches that spare some airways."""
    if severity == 0:
        return
    rng = np.random.default_rng(lesions.patch_seed)
    ragged = texture(rng, chest.grid, 1.1) * 0.4 + texture(rng, chest.grid, 2.4) * 0.5
    filled = np.zeros_like(chest.lung)
    for order, place in enumerate(lesions.patches):
        grade = severity - 0.3 * order
        if grade <= 0:
            continue
        size = 1.3 + 3.6 * grade**0.7
        tilt = lesions.patch_tilt * place[0]
        patch = ellipse(
            chest.grid, _spot(chest, place), (1.25 * size, 0.85 * size), tilt
        )
        soft = np.exp(-0.9 * patch) * (0.3 + 0.7 * grade**0.5)
        filled = np.maximum(filled, soft * np.clip(1 + 0.6 * ragged, 0.15, 1.5))
    chest.lung *= 1 - 0.92 * np.minimum(filled, 1)


def add_nodule(chest: Chest, lesions: Lesions, severity: float) -> None:
    """Hang a ball of soft tissue in the lung."""
    if severity == 0:
        return
    radius = 0.6 + 1.4 * severity
    ball = ellipse(chest.grid, _spot(chest, lesions.nodule), (radius, radius), 0.0)
    chest.lung -= np.minimum(2 * radius * dome(ball), 0.9 * chest.lung)


def add_pneumothorax(chest: Chest, lesions: Lesions, severity: float) -> None:
    """Let the lung shrink from wall and apex: air without markings, a thin line.

    Runs after the vessels are drawn, because it takes them away.
    """
    if severity == 0:
        return
    gap = 0.9 + 4.5 * severity
    here = chest.side == lesions.pneumothorax
    wall = (1 - chest.across) * chest.cage
    apex = np.maximum(1 - np.maximum(chest.grid.y, 0) * (1 / 16), 0)
    inside = wall - gap * (0.25 + 0.9 * apex)
    free = ramp(-inside, 0.12) * here * chest.field
    line = np.exp(-((inside * (1 / 0.14)) ** 2)) * here * chest.field
    smooth = 2 * 8.0 * dome(np.minimum(chest.across, 1) ** 2)
    chest.air += smooth * free
    chest.lung = chest.lung * (1 - free) - np.minimum(1.0 * line, 0.5 * chest.lung)


def _spot(chest: Chest, place: tuple[float, float, float]) -> tuple[float, float]:
    """Return where a place in the lungs lies in this image."""
    side, across, down = place
    top, bottom = 2.0, chest.domes[side > 0]
    narrow = 0.62 + 0.38 * min(down * 1.6, 1)
    return (side * across * chest.cage * narrow, top + down * (bottom - top))
