"""Where each pixel lies in the body, and the few shapes everything is drawn with.

Body coordinates in centimetres: x to the patient's left (the right of the picture), or
to the back in a lateral image; y down from the apices of the lungs.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from workflow_scripts.simulate.studies import Pose

DETECTOR_CM = 37.0  # long side, as collimated
CENTRE_Y = 11.5  # of the body, in the middle of the detector
Map = NDArray[np.floating[Any]]  # float32, shape (rows, columns)


@dataclass(frozen=True, kw_only=True)
class Grid:
    """The pixels of one image, in body coordinates."""

    x: Map
    y: Map
    pitch_cm: float  # at the detector
    pose: Pose

    @property
    def body_pitch(self) -> float:
        """Size of a pixel in the body, cm."""
        return self.pitch_cm / self.pose.magnification

    def pixels(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where body points, shape (..., 2), lie in columns and rows."""
        pose, (rows, columns) = self.pose, self.x.shape
        centred = points + np.array(pose.shift) - (0.0, CENTRE_Y)
        cosine, sine = np.cos(pose.turn), np.sin(pose.turn)
        turned = centred @ np.array([[cosine, sine], [-sine, cosine]])
        middle = np.array([columns - 1, rows - 1]) / 2
        return turned * (pose.magnification / self.pitch_cm) + middle


def lay_grid(size_px: int, pose: Pose) -> Grid:
    """Return the grid of an image whose long side, its rows, is `size_px`."""
    columns = round(size_px * pose.aspect)
    pitch = DETECTOR_CM / size_px
    across, down = _detector(size_px, columns)
    scale = pitch / pose.magnification
    cosine, sine = float(np.cos(pose.turn)), float(np.sin(pose.turn))
    return Grid(
        x=across * (cosine * scale) + (down * (sine * scale) - pose.shift[0]),
        y=down * (cosine * scale)
        - across * (sine * scale)
        + (CENTRE_Y - pose.shift[1]),
        pitch_cm=pitch,
        pose=pose,
    )


@lru_cache(maxsize=4)
def _detector(rows: int, columns: int) -> tuple[Map, Map]:
    """Return columns and rows counted from the middle, shapes (1, c) and (r, 1)."""
    across = np.arange(columns, dtype=np.float32) - (columns - 1) / 2
    down = np.arange(rows, dtype=np.float32) - (rows - 1) / 2
    return across[None, :], down[:, None]


def dome(squared: Map) -> Map:
    """Return the chord of a unit ball at a squared distance, 1 in the middle, 0 off."""
    return np.sqrt(np.maximum(1 - squared, 0))


def ramp(distance: Map, softness: float) -> Map:
    """Return 0 where `distance` is far below 0 and 1 far above; a smooth step.

    Args:
        distance: any map, cm.
        softness: cm from 0.12 to 0.88, about.
    """
    return 0.5 + 0.5 * np.tanh(distance * (1 / softness))


def ellipse(
    grid: Grid, centre: tuple[float, float], axes: tuple[float, float], tilt: float
) -> Map:
    """Return the squared distance from `centre`, 1 on the ellipse.

    Args:
        grid: where the pixels lie.
        centre: x and y, cm.
        axes: half lengths, cm.
        tilt: of the first axis, downwards from x, radians.
    """
    x, y = grid.x - centre[0], grid.y - centre[1]
    cosine, sine = float(np.cos(tilt)), float(np.sin(tilt))
    first = x * (cosine / axes[0]) + y * (sine / axes[0])
    second = y * (cosine / axes[1]) - x * (sine / axes[1])
    return first * first + second * second


def texture(rng: np.random.Generator, grid: Grid, grain_cm: float) -> Map:
    """Return smooth noise of unit variance whose grains measure `grain_cm`.

    Drawn on a coarse grid, so that every image size shows the same grains.
    """
    cells = max(int(DETECTOR_CM / grain_cm), 4)
    coarse = rng.standard_normal((cells, cells), dtype=np.float32)
    rows, columns = grid.x.shape
    smooth = cv2.resize(coarse, (rows, rows), interpolation=cv2.INTER_CUBIC)
    return np.asarray(smooth[:, :columns] * 1.25, np.float32)


def draw_lines(
    grid: Grid,
    lines: NDArray[np.float64],
    width_cm: float,
    *,
    closed: bool = False,
) -> Map:
    """Return how much of each pixel lies under lines of `width_cm`, 0 to 1.

    Args:
        grid: where the pixels lie.
        lines: body points, shape (lines, points, 2), cm.
        width_cm: in the body.
        closed: whether each line is the outline of a filled shape.
    """
    canvas = np.zeros(grid.x.shape, np.uint8)
    points = list(np.round(grid.pixels(lines) * 16).astype(np.int32))
    width_px = width_cm / grid.body_pitch
    value = round(255 * min(width_px, 1))
    if closed:
        for shape in points:
            cv2.fillPoly(canvas, [shape], (255,), cv2.LINE_AA, 4)
    else:
        thickness = max(round(width_px), 1)
        cv2.polylines(canvas, points, False, (value,), thickness, cv2.LINE_AA, 4)
    return canvas.astype(np.float32) * (1 / 255)
