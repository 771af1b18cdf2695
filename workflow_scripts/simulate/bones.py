"""Ribs, collar bones, shoulder blades and spine, as lengths of compact bone.

Ribs repeat: the curve that one rib follows, taken modulo the spacing, draws them all.
"""

import numpy as np

from workflow_scripts.simulate.frontal import Chest
from workflow_scripts.simulate.geometry import Map, dome, draw_lines, ramp
from workflow_scripts.simulate.people import Person

RIBS = 11
VERTEBRA = 2.35  # cm from disc to disc


def add_bones(chest: Chest, person: Person) -> None:
    """Lay the skeleton over a frontal `chest`."""
    bone = _ribs(chest, person) + _spine(chest, person)
    bone += _collar_bones(chest, person)
    bone += _shoulder_blades(chest, person)
    chest.bone = bone * person.bone * (chest.soft > 0)


def _ribs(chest: Chest, person: Person) -> Map:
    """Return the back parts, which fall to the side, and the fainter front parts."""
    across = np.minimum(chest.across, 1)
    squared = across * across
    inside = ramp((1.03 - chest.across) * person.width, 0.4)
    fall = person.rib_slope * 5.2 * squared - 1.1 * across
    slant = np.minimum(1 / np.sqrt(1.06 - squared), 2.6)
    back = tubes(chest.grid.y - person.rib_start - fall, person.rib_spacing, 0.62)
    back *= inside * ramp(np.abs(chest.grid.x) - 1.8, 0.6)
    side = person.rib_slope * 5.2 - 1.1
    front_fall = side + 6.5 * (1 - across) * (1.25 - 0.25 * across)
    front = tubes(
        chest.grid.y - person.rib_start - front_fall, person.rib_spacing, 0.75
    )
    front *= inside * ramp((across - 0.5) * 14, 1.5)
    return (0.62 * back + 0.42 * front) * slant


def tubes(offset: Map, spacing: float, half: float) -> Map:
    """Return hollow rods at 0, `spacing`, ...: denser at the rims than in between."""
    turns = offset * (1 / spacing)
    nearest = np.round(turns)
    squared = ((turns - nearest) * (spacing / half)) ** 2
    rods = dome(squared) * (0.62 + 0.75 * squared)
    return rods * ((nearest >= 0) & (nearest < RIBS))


def _spine(chest: Chest, person: Person) -> Map:
    """Return vertebrae with their end plates, pedicles and spinous processes."""
    grid = chest.grid
    bend = person.spine_bend * np.sin(grid.y * 0.22 + person.number % 7)
    x = grid.x - bend + 3 * grid.pose.rotation
    phase = (grid.y / VERTEBRA) % 1
    body = ramp(1.7 - np.abs(x), 0.25)
    plate = ramp(np.abs(phase - 0.5) * VERTEBRA - 0.95, 0.15)
    pedicle = dome(((np.abs(x) - 1.25) / 0.35) ** 2 + ((phase - 0.35) / 0.2) ** 2)
    process = dome((x / 0.4) ** 2 + ((phase - 0.8) / 0.35) ** 2)
    return body * (0.9 + 0.4 * plate) + 0.6 * pedicle + 0.7 * process


def _collar_bones(chest: Chest, person: Person) -> Map:
    """Return the two S-shaped collar bones, moved apart by rotation."""
    grid = chest.grid
    x = grid.x - 6 * grid.pose.rotation
    out = np.abs(x) * (1 / person.width)
    rise = 1.9 - 4.0 * out + 1.1 * np.sin(out * 5.2)
    tilt = 0.06 * person.scapula
    squared = ((grid.y - rise - tilt * np.abs(x)) * (1 / 0.62)) ** 2
    rod = dome(squared) * (0.6 + 0.7 * squared)
    return 0.95 * rod * ramp(np.abs(x) - 1.6, 0.3) * ramp(1.25 - out, 0.08)


def _shoulder_blades(chest: Chest, person: Person) -> Map:
    """Return the blades: over the lungs in bed, turned off them when standing."""
    inwards = 1.2 * person.scapula + (2.2 if chest.grid.pose.view == "AP" else 0.0)
    width = person.width - inwards
    blade = np.array([[0.5, -1.5], [3.2, -0.5], [3.6, 2.0], [1.0, 12.5], [-0.4, 11.0]])
    left = blade + np.array([width, 0.0])
    both = np.stack([left, left * (-1.0, 1.0)])
    sheet = draw_lines(chest.grid, both, 1.0, closed=True)
    rim = draw_lines(chest.grid, both, 0.5)
    return 0.22 * sheet + 0.4 * rim
