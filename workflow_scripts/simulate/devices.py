"""What lies on or in the patient besides the patient: leads, lines, a lead letter."""

import cv2
import numpy as np
from numpy.typing import NDArray

from workflow_scripts.simulate.frontal import Chest
from workflow_scripts.simulate.geometry import Map, dome, draw_lines, ellipse
from workflow_scripts.simulate.sites import Site

STEPS = np.linspace(0, 1, 24)


def add_devices(chest: Chest, rng: np.random.Generator) -> None:
    """Lay leads and lines over the chest: often in bed, seldom when standing."""
    portable = chest.grid.pose.view == "AP"
    if rng.random() < (0.6 if portable else 0.12):
        _add_leads(chest, rng)
    if rng.random() < (0.35 if portable else 0.04):
        side = float(rng.choice((-1, 1)))
        end = (-2.0 + rng.normal(0, 0.5), 9.5 + rng.normal(0, 1.5))
        line = _curve((side * 9, -3.0), (side * 1.5, 0.5), end)
        chest.metal += 0.012 * draw_lines(chest.grid, line[None], 0.22)
    if rng.random() < 0.04:
        _add_pacemaker(chest, rng)
    for _ in range(int(rng.poisson(0.35))):
        spot = (float(rng.normal(0, 9)), float(rng.uniform(-2, 25)))
        button = ellipse(chest.grid, spot, (0.6, 0.6), 0.0)
        chest.metal += 0.012 * dome(button)


def _add_leads(chest: Chest, rng: np.random.Generator) -> None:
    """Three to five electrodes, each with a wire that leaves the picture."""
    lines = []
    for _ in range(int(rng.integers(3, 6))):
        spot = (float(rng.uniform(-13, 13)), float(rng.uniform(0, 24)))
        chest.metal += 0.014 * dome(ellipse(chest.grid, spot, (0.75, 0.75), 0.0))
        away = (float(rng.normal(0, 16)), float(rng.choice((-12, 36))))
        middle = (spot[0] + rng.normal(0, 6), spot[1] + rng.normal(0, 6))
        lines.append(_curve(spot, middle, away))
    chest.metal += 0.02 * draw_lines(chest.grid, np.stack(lines), 0.18)


def _add_pacemaker(chest: Chest, rng: np.random.Generator) -> None:
    box = (9.5 + float(rng.normal(0, 0.7)), 4.0 + float(rng.normal(0, 0.8)))
    shape = ellipse(chest.grid, box, (2.3, 2.0), 0.2)
    chest.metal += 0.05 * np.sqrt(dome(shape**2))
    lead = _curve(box, (-4.0, 4.0), (3.5, 17.0))
    chest.metal += 0.02 * draw_lines(chest.grid, lead[None], 0.2)


def _curve(
    begin: tuple[float, float], bend: tuple[float, float], end: tuple[float, float]
) -> NDArray[np.float64]:
    """Return a quadratic Bezier curve as points, shape (24, 2)."""
    t = STEPS[:, None]
    return (
        (1 - t) ** 2 * np.array(begin)
        + 2 * t * (1 - t) * np.array(bend)
        + t**2 * np.array(end)
    )


def marker(chest: Chest, site: Site, rng: np.random.Generator) -> Map:
    """Return the lead letter that names a side, in thickness of lead.

    Fixed to the detector, not to the body: near the edge of the picture that shows
    the named side (the patient's left is the picture's right).
    """
    rows, columns = chest.grid.x.shape
    letter = str(rng.choice(("L", "R")))
    height = float(rng.uniform(0.045, 0.075)) * rows
    low, high = site.marker_height
    edge = float(rng.uniform(0.04, 0.12)) * columns
    x = columns - edge - height if letter == "L" else edge
    y = float(rng.uniform(low, high)) * (rows - 1.3 * height) + height
    canvas = np.zeros((rows, columns), np.uint8)
    if rng.random() < 0.88:
        thick = max(round(height / 6), 1)
        font, place = cv2.FONT_HERSHEY_SIMPLEX, (round(x), round(y))
        cv2.putText(
            canvas, letter, place, font, height / 22, (255,), thick, cv2.LINE_AA
        )
        if site.marker == "disc":
            centre = (round(x + 0.42 * height), round(y - 0.5 * height))
            thin = max(round(height / 10), 1)
            cv2.circle(canvas, centre, round(0.85 * height), (255,), thin, cv2.LINE_AA)
    return canvas.astype(np.float32) * (0.12 / 255)
