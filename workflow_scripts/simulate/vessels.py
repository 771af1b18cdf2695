"""The lungs' markings: a tree of vessels from each hilum, and fine texture.

Each branch forks into two thinner ones whose cross-sections add up to its own, which
is Murray's law with exponent 3 (Murray 1926).
"""

import numpy as np
from numpy.typing import NDArray

from workflow_scripts.simulate.frontal import Chest
from workflow_scripts.simulate.geometry import draw_lines, ellipse, texture
from workflow_scripts.simulate.people import Person

GENERATIONS = 6
TRUNKS = 7  # on each side
CALIBRE = 0.85  # of a trunk, cm


def add_vessels(chest: Chest, person: Person, rng: np.random.Generator) -> None:
    """Fill the air of `chest` with vessels, hila and texture.

    Args:
        chest: whose lungs; changed.
        person: whose vessels; their calibre.
        rng: the same in every image of a person, so that the tree is too.
    """
    filled = np.zeros_like(chest.lung)
    for side in (-1.0, 1.0):
        root = np.array([side * (person.mediastinum + 1.2), 9.6 - 0.6 * side])
        spot = ellipse(chest.grid, (root[0], root[1]), (1.5, 2.6), 0.35 * side)
        filled += 2.4 * np.maximum(1 - spot, 0)
        calibre = CALIBRE * person.vessels
        for lines in _tree(rng, root, side, person):
            filled += 1.1 * calibre * draw_lines(chest.grid, lines, calibre)
            calibre *= 0.5 ** (1 / 3) * 0.92
    grain = texture(rng, chest.grid, 0.7) * 0.35 + texture(rng, chest.grid, 2.6) * 0.45
    chest.lung -= np.clip(filled + grain * chest.lung * 0.06, -2, 0.75 * chest.lung)


def _tree(
    rng: np.random.Generator, root: NDArray[np.float64], side: float, person: Person
) -> list[NDArray[np.float64]]:
    """Return the lines of each generation, trunks first, shape (lines, 3, 2)."""
    angles = np.linspace(-1.25, 1.35, TRUNKS) + rng.normal(0, 0.12, TRUNKS)
    tips = root + np.zeros((TRUNKS, 1))
    reach = 0.26 * person.width
    generations = []
    for _ in range(GENERATIONS):
        lengths = reach * rng.uniform(0.6, 1.35, len(angles))
        bend = rng.normal(0, 0.16, len(angles))
        ways = [
            np.column_stack([side * np.cos(angle), np.sin(angle)]) * lengths[:, None]
            for angle in (angles + bend, angles - bend)
        ]
        middles = tips + 0.5 * ways[0]
        ends = middles + 0.5 * ways[1]
        generations.append(np.stack([tips, middles, ends], axis=1))
        fork = rng.uniform(0.2, 0.55, len(angles))
        angles = np.concatenate([angles - fork, angles + 0.7 * fork])
        tips = np.concatenate([ends, ends])
        reach *= 0.8
    return generations


def add_lateral_vessels(chest: Chest, person: Person, rng: np.random.Generator) -> None:
    """Fill the lungs of a lateral `chest`: one tree forwards, one to the back."""
    filled = np.zeros_like(chest.lung)
    for side in (-1.0, 1.0):
        calibre = 0.8 * CALIBRE * person.vessels
        for lines in _tree(rng, np.array([0.6, 9.8]), side, person):
            filled += 1.1 * calibre * draw_lines(chest.grid, lines, calibre)
            calibre *= 0.5 ** (1 / 3) * 0.92
    grain = texture(rng, chest.grid, 0.7) * 0.35 + texture(rng, chest.grid, 2.6) * 0.45
    chest.lung -= np.clip(filled + grain * chest.lung * 0.05, -2, 0.7 * chest.lung)
