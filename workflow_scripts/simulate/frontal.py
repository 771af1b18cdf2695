"""The chest from the front (or the back): what the beam crosses, in centimetres.

The body is a superellipse in every cross-section, the lungs fill a cage inside it down
to two domes, and heart and great vessels push the lungs aside. A pixel's value is the
length of the ray inside each tissue, as in any analytic phantom (Shepp and Logan 1974).
"""

from dataclasses import dataclass

import numpy as np

from workflow_scripts.simulate.geometry import Grid, Map, dome, ellipse, ramp
from workflow_scripts.simulate.people import Person

NECK = 5.8  # half width, cm


@dataclass(kw_only=True)
class Chest:
    """Ray lengths of one image, in cm, and where the lungs lie. Findings change it."""

    grid: Grid
    soft: Map  # the body's outline, all of it as if soft tissue
    lung: Map  # the part of it that is lung
    bone: Map  # compact bone
    metal: Map  # relative to lead
    air: Map  # lung that is air alone, as in a pneumothorax
    field: Map  # 1 in the lungs as a reader outlines them, 0 elsewhere
    side: Map  # -1 in the right half of the body, 1 in the left
    across: Map  # 0 at the midline, 1 at the cage's inner wall
    height: Map  # above the dome, cm; negative below it
    cage: float  # half inner width, cm
    domes: tuple[float, float]  # y of the right and the left dome's top


def frontal_chest(person: Person, grid: Grid, heart_ratio: float) -> Chest:
    """Return a chest without lung vessels or bones; its heart fills `heart_ratio`."""
    bottom = person.height * grid.pose.breath
    domes = (bottom, bottom + person.dome_step)
    side = np.where(grid.x < 0, np.float32(-1), np.float32(1))
    distance = np.abs(grid.x)
    cage = _cage(person, grid.y)
    across = distance / cage
    level = np.where(side < 0, np.float32(domes[0]), np.float32(domes[1]))
    height = level + _dome_fall(person, across) - grid.y
    bone, metal, air = np.zeros((3, *grid.x.shape), np.float32)
    chest = Chest(
        grid=grid,
        soft=_body(person, grid),
        lung=2 * person.depth * (cage / person.width) * dome(across * across),
        bone=bone,
        metal=metal,
        air=air,
        field=ramp(cage - distance, 0.3),
        side=side,
        across=across,
        height=height,
        cage=person.width,
        domes=domes,
    )
    _add_diaphragm(chest, person)
    _add_mediastinum(chest, person)
    _add_heart(chest, person, heart_ratio)
    return chest


def _cage(person: Person, y: Map) -> Map:
    """Return the half inner width at each height: a dome, then nearly straight."""
    down = np.clip(y * (1 / (0.8 * person.height)), 1e-3, 1)
    return person.width * np.sqrt(1 - (1 - down) ** person.roundness)


def _body(person: Person, grid: Grid) -> Map:
    """Return the chord of neck, shoulders and trunk, with the breasts on it."""
    trunk = person.width + person.wall + 0.6
    shoulders = np.clip((grid.y + 5.5) * (1 / 5.5), 0, 1)
    arms = 4.2 * np.exp(-(((grid.y - 1) * (1 / 5.0)) ** 2))
    width = NECK + (trunk + arms - NECK) * shoulders * (2 - shoulders)
    thick = np.clip((grid.y + 5) * (1 / 11), 0, 1)
    depth = 5.0 + (person.depth + 0.8 * person.wall - 4.2) * thick
    chord = 2 * depth * np.sqrt(dome((grid.x / width) ** 2))
    for sign in (-1.0, 1.0):
        centre = (sign * 0.55 * person.width, person.breast_y)
        shape = ellipse(grid, centre, (5.4, 5.8), 0.3 * sign)
        chord = chord + person.breast * np.maximum(1 - shape * shape, 0)
    return chord


def _dome_fall(person: Person, across: Map) -> Map:
    """Return how far the dome lies below its top; it falls steeply to the side."""
    out = np.minimum(across, 1.2) - 0.42
    outwards = np.maximum(out, 0) * (1 / 0.58)
    inwards = np.minimum(out, 0) * (1 / 0.42)
    curve = 0.45 * outwards**2 + 0.55 * outwards**4
    return person.dome_curve * curve + 1.3 * inwards**2


def _add_diaphragm(chest: Chest, person: Person) -> None:
    """End the lungs at the domes, with a wedge behind the liver and gas below."""
    above = ramp(chest.height, 0.25)
    behind = 0.3 * np.exp(np.minimum(chest.height, 0) * (1 / 1.6))
    chest.lung *= above + (1 - above) * behind
    chest.field *= above
    bubble = (5.0, chest.domes[1] + 1.2 + person.gas)
    gas = ellipse(chest.grid, bubble, (1.5 * person.gas + 0.5, person.gas + 0.2), -0.2)
    chest.air += 5 * dome(gas) * (1 - above)


def _add_mediastinum(chest: Chest, person: Person) -> None:
    """Put spine, great vessels and windpipe between the lungs."""
    grid = chest.grid
    x = grid.x - 4 * grid.pose.rotation
    half = person.mediastinum + 1.6 * np.exp(-np.maximum(grid.y, 0) * (1 / 1.3))
    half = half + 0.45 * np.exp(-(((grid.y - 9.5) * (1 / 3.0)) ** 2))
    lungs = ramp(np.abs(x) - half, 0.5)
    centre = (person.mediastinum - 1.2 + 0.5 * person.aorta, 5.4)
    arch = ellipse(grid, centre, (1.5 + 0.4 * person.aorta, 1.9), 0.2)
    lungs *= 1 - 0.85 * np.sqrt(dome(arch))
    chest.lung *= 0.06 + 0.94 * lungs
    chest.field *= lungs
    trunk = ellipse(grid, (1.9, 9.2), (2.2, 4.2), -0.25)  # pulmonary
    chest.lung *= 1 - 0.6 * np.maximum(1 - trunk, 0)
    trachea = dome(((x + 0.25) * (1 / 0.95)) ** 2) * ramp(7.5 - grid.y, 0.6)
    chest.lung += 1.7 * trachea * (chest.soft > 0)


def _add_heart(chest: Chest, person: Person, ratio: float) -> None:
    """Put the heart in: two thirds of it left of the midline, its foot on the dome."""
    width = 2 * person.width * ratio
    tilt = person.heart_tilt
    slim = 0.74
    long = 0.5 * width / float(np.hypot(np.cos(tilt), slim * np.sin(tilt)))
    tall = long * float(np.hypot(np.sin(tilt), slim * np.cos(tilt)))
    x = width * 0.17 + 7 * chest.grid.pose.rotation
    y = chest.domes[1] + 1.2 - 0.93 * tall
    ball = ellipse(chest.grid, (x, y), (long, slim * long), tilt)
    chest.lung = np.maximum(chest.lung - 1.5 * long * dome(ball), 0.06 * chest.lung)
    chest.field *= ramp(ball - 1, 0.08)
    if person.fat_pad > 0.1:
        corner = (x + 0.42 * width, chest.domes[1] + 0.8)
        pad = ellipse(chest.grid, corner, (1.6 + person.fat_pad, 1.6), 0.0)
        chest.lung *= 1 - 0.6 * np.maximum(1 - pad, 0)
