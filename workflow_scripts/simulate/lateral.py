"""The chest from the side, patient facing the left of the picture.

The same body seen along x: both lungs lie over each other, the heart in front and
below, the spine behind, two domes that fall steeply to the back.
"""

import numpy as np

from workflow_scripts.simulate.bones import VERTEBRA, tubes
from workflow_scripts.simulate.findings import Lesions
from workflow_scripts.simulate.frontal import Chest
from workflow_scripts.simulate.geometry import Grid, Map, dome, ellipse, ramp, texture
from workflow_scripts.simulate.people import Person


def lateral_chest(person: Person, grid: Grid, heart_ratio: float) -> Chest:
    """Return a chest seen from its left side, with bones, without vessels."""
    bottom = person.height * grid.pose.breath
    domes = (bottom, bottom + person.dome_step)
    deep = _deep(person, grid.y)
    across = np.abs(grid.x) / deep
    back = np.clip(grid.x * (1 / person.depth), -1.2, 1.2)
    fall = (
        1.6 * person.dome_curve * np.maximum(back, 0) ** 2
        + 1.0 * np.minimum(back, 0) ** 2
    )
    lung, bone, metal, air = np.zeros((4, *grid.x.shape), np.float32)
    chest = Chest(
        grid=grid,
        soft=_body(person, grid),
        lung=lung,
        bone=bone,
        metal=metal,
        air=air,
        field=ramp(deep - np.abs(grid.x), 0.3),
        side=np.ones_like(grid.x),
        across=across,
        height=domes[0] + fall - grid.y,
        cage=person.depth,
        domes=domes,
    )
    chest.lung = _lungs(chest, person)
    _add_heart(chest, person, heart_ratio)
    chest.bone = _bones(chest, person) * person.bone * (chest.soft > 0)
    return chest


def add_lateral_findings(
    chest: Chest, person: Person, lesions: Lesions, severities: tuple[float, ...]
) -> None:
    """Add effusion, consolidation and nodule; the others show little from the side."""
    effusion, patch, nodule = severities[1:4]
    if effusion > 0:
        corner = chest.domes[0] + 1.6 * person.dome_curve
        level = 0.6 * person.dome_curve + 11 * effusion * sum(lesions.effusion) / 2
        edge = corner - level * (0.5 + 0.5 * np.minimum(chest.across, 1) ** 3)
        fluid = ramp(chest.grid.y - edge, 0.6) * (chest.grid.x > 0)
        chest.lung *= 1 - 0.35 * (1 + min(lesions.effusion)) * fluid
    if patch > 0:
        rng = np.random.default_rng(lesions.patch_seed)
        size = 1.3 + 3.6 * patch**0.7
        blob = ellipse(chest.grid, _spot(chest, lesions.patches[0]), (size, size), 0.0)
        rough = np.clip(1 + 0.5 * texture(rng, chest.grid, 1.6), 0.2, 1.5)
        chest.lung *= 1 - np.minimum(0.5 * np.exp(-0.9 * blob) * rough, 0.6)
    if nodule > 0:
        radius = 0.6 + 1.4 * nodule
        ball = ellipse(chest.grid, _spot(chest, lesions.nodule), (radius, radius), 0.0)
        chest.lung -= np.minimum(2 * radius * dome(ball), 0.9 * chest.lung)


def _spot(chest: Chest, place: tuple[float, float, float]) -> tuple[float, float]:
    """Return where a place in the lungs lies; its depth follows from its height."""
    _, across, down = place
    x = chest.cage * float(np.sin(9 * across + 5 * down)) * 0.6
    return (x, 2 + down * (chest.domes[0] - 2))


def _deep(person: Person, y: Map) -> Map:
    down = np.clip(y * (1 / (0.7 * person.height)), 1e-3, 1)
    return (person.depth + 0.6) * np.sqrt(1 - (1 - down) ** person.roundness)


def _body(person: Person, grid: Grid) -> Map:
    """Return the chord of neck and trunk; raised arms cross above."""
    thick = np.clip((grid.y + 6) * (1 / 13), 0, 1)
    thick = thick * (2 - thick)
    depth = 5.5 + (person.depth + person.wall + 1.2 - 5.5) * thick
    chord = 2 * (person.width + 0.7 * person.wall - 1.0) * (0.4 + 0.6 * thick)
    centre = 0.8 + 1.2 * (1 - thick)
    trunk = chord * np.sqrt(dome(((grid.x - centre) / depth) ** 2))
    arms = ellipse(grid, (-5.0, -7.5), (14.0, 5.5), -0.6)
    front = (-person.depth - 0.6 * person.wall, person.breast_y)
    breast = ellipse(grid, front, (2.0 + 0.8 * person.breast, 5.0), 0.0)
    return trunk + 9 * np.sqrt(dome(arms)) + 6 * np.sign(person.breast) * dome(breast)


def _lungs(chest: Chest, person: Person) -> Map:
    """Return both lungs: two chords, with the space between them left out."""
    grid = chest.grid
    both = 2 * (person.width - person.mediastinum) * dome(chest.across**2)
    right = ramp(chest.height, 0.25)
    left = ramp(chest.height + person.dome_step, 0.25)
    lungs = both * (0.5 * right + 0.5 * left)
    hilum = ellipse(grid, (0.6, 9.8), (2.2, 2.6), 0.3)
    lungs *= 1 - 0.3 * np.maximum(1 - hilum, 0)
    trachea = dome(((grid.x + 0.6 - 0.25 * grid.y) * (1 / 0.95)) ** 2)
    lungs += 1.1 * trachea * ramp(8.5 - grid.y, 0.6) * (chest.soft > 0)
    chest.field *= right
    return lungs


def _add_heart(chest: Chest, person: Person, ratio: float) -> None:
    width = 2 * person.width * ratio
    long, short = 0.46 * width, 0.36 * width
    centre = (-0.36 * person.depth, chest.domes[1] - 0.8 * short)
    ball = ellipse(chest.grid, centre, (long, short), 0.75)
    arch = ellipse(chest.grid, (1.2, 5.6), (3.0, 2.4), 0.0)
    taken = 0.8 * width * dome(ball) + 2.2 * dome(arch)
    chest.lung = np.maximum(chest.lung - taken, 0.12 * chest.lung)


def _bones(chest: Chest, person: Person) -> Map:
    """Return spine, breast bone, and the ribs of both sides, falling forwards."""
    grid = chest.grid
    x, y = grid.x, grid.y
    axis = person.depth - 0.4 - 1.9 * np.sin(np.clip((y - 1) * 0.12, -1, 3.1))
    axis = axis + 1.2
    gap = np.abs((y / VERTEBRA) % 1 - 0.5) * VERTEBRA
    column = ramp(1.6 - np.abs(x - axis), 0.25) * (2.4 + 0.5 * ramp(gap - 0.95, 0.15))
    process = 0.9 * ramp(1.4 - np.abs(x - axis - 2.8), 0.4) * ramp(0.7 - gap, 0.2)
    front = -person.depth - 0.2 + 0.1 * np.abs(y - 10)
    sternum = 1.3 * ramp(0.5 - np.abs(x - front), 0.2) * ramp(8 - np.abs(y - 9), 0.5)
    inside = ramp((1.05 - chest.across) * chest.cage, 0.5)
    fall = (person.depth - x) * 0.45 * person.rib_slope
    near = tubes(y - person.rib_start - fall, person.rib_spacing, 0.6)
    far = tubes(y - person.rib_start - 1.08 * fall - 0.7, person.rib_spacing, 0.65)
    return column * (chest.soft > 0) + process + sternum + 0.4 * (near + far) * inside
