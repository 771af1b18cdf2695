"""Find lungs as the best pair of dark pieces, at any of several thresholds.

For archives in which nobody drew lungs. What is dense looks like no lung to it: it
misses dense lungs, and the lung behind the heart. Where no pair looks like lungs it
finds nothing. Each picture is looked at again in two altered copies; how far what is
found in them agrees says how sure it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import SimpleITK
from numpy.typing import NDArray

from workflow_scripts.prepare.finders import SIDE, Finder, Found, Squares
from workflow_scripts.prepare.lung_quality import dice

HALF = SIDE // 2  # side at which is looked
BLACK = 4  # what is darker was not exposed
SMOOTHED_PX, UNEVEN_PX = 1.2, 16.0  # of HALF: deviations of Gaussians
PERCENTS = range(15, 66, 5)  # of the picture that is taken for dark
OPENED = (2, 2)  # radius that parts a lung from what touches it
LUNG_SHARE = (0.02, 0.35)  # of the picture, for one lung
AT_BORDER = 0.8  # pixels at the border at most, per root of the area
BOTH_SHARE, LUNG_HEIGHT = 0.35, 0.4  # of the picture; two lungs are hardly smaller
GROWN = (7, 7)  # pixels of SIDE: what is dark ends 3 within what people draw
LEAST_LIKENESS = 0.2  # of a pair that is taken for lungs
ALTERED = ((0.7, 0.15), (1.4, -0.15))  # gamma, and slope of light to every side

sitk: Any = SimpleITK  # its functions have no types

Grey = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A dark piece that may be a lung; lengths are shares of the picture's."""

    mask: Mask
    area: float
    x: float  # of its centre
    y: float
    height: float
    own: float  # 0 to 1: how much it looks like a lung by itself


def finder(weights: Path | None) -> Finder:
    """Return the finder; it needs no `weights`."""
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    return _found


def _found(squares: Squares) -> Found:
    lungs = np.zeros(squares.pictures.shape, np.bool_)
    agreement = np.full(len(lungs), np.nan)
    for number, picture in enumerate(squares.pictures):
        small = cv2.resize(picture, (HALF, HALF), interpolation=cv2.INTER_AREA)
        small = small.astype(np.float32)
        found = lungs_of(small)
        if found.any():
            one, other = (lungs_of(altered(small, *how)) for how in ALTERED)
            agreement[number] = dice(one, other, empty=0.0)
            lungs[number] = _doubled(found)
    return Found(lungs=lungs, agreement=agreement)


def altered(picture: Grey, gamma: float, slope: float) -> Grey:
    """Return `picture` (0 to 255) as another exposure in slanting light would be."""
    along = np.linspace(-slope, slope, HALF, dtype=np.float32)
    light = 1 + along[:, None] + along[None, :]
    lit = 255 * (picture / 255) ** gamma * light
    return np.clip(lit, 0, 255).astype(np.float32)


def lungs_of(picture: Grey) -> Mask:
    """Return the lungs of one picture (0 to 255), shape (HALF, HALF); empty if none."""
    lungs = np.zeros(picture.shape, np.bool_)
    exposed = picture > BLACK
    down = np.flatnonzero(exposed.mean(axis=1) > 0.1)
    across = np.flatnonzero(exposed.mean(axis=0) > 0.1)
    if min(len(down), len(across)) < HALF // 8:
        return lungs
    part = np.s_[down[0] : down[-1] + 1, across[0] : across[-1] + 1]
    pairs = [
        pair
        for pieces in _dark_pieces(picture[part])
        for pair in product(pieces, pieces)
        if likeness(*pair) >= LEAST_LIKENESS
    ]
    if pairs:
        first, second = max(pairs, key=lambda pair: likeness(*pair))
        lungs[part] = _rounded(first.mask) | _rounded(second.mask)
    return lungs


def _dark_pieces(picture: Grey) -> Iterator[list[Piece]]:
    """Yield the pieces at each threshold, of the picture and of it in even light."""
    image = sitk.GetImageFromArray(picture)
    smooth = sitk.DiscreteGaussian(image, SMOOTHED_PX**2)
    even = smooth - sitk.SmoothingRecursiveGaussian(image, UNEVEN_PX)
    for seen in (smooth, even):
        levels = np.percentile(sitk.GetArrayViewFromImage(seen), PERCENTS).tolist()
        # what is dark in a closed picture is what is dark in it, opened
        closed = sitk.GrayscaleMorphologicalClosing(seen, OPENED)
        grey = sitk.GetArrayFromImage(closed)
        for level in levels:
            yield _pieces(grey <= level)


def _pieces(dark: Mask) -> list[Piece]:
    """Return those of the connected pieces that may be a lung.

    By OpenCV: SimpleITK takes four times as long for the pieces of so small a picture.
    """
    n, labels, boxes, centres = cv2.connectedComponentsWithStats(
        dark.astype(np.uint8), connectivity=4
    )
    rows, columns = labels.shape
    edge = (labels[0], labels[-1], labels[1:-1, 0], labels[1:-1, -1])
    on_border = np.bincount(np.concatenate(edge), minlength=n)
    found = []
    for label in range(1, n):
        n_pixels = int(boxes[label, cv2.CC_STAT_AREA])
        area = n_pixels / labels.size
        at_border = on_border[label] / n_pixels**0.5
        x, y = centres[label].tolist()
        in_the_middle = 0.15 < y / rows < 0.8
        if not LUNG_SHARE[0] < area < LUNG_SHARE[1] or not in_the_middle:
            continue
        if at_border > AT_BORDER:
            continue
        mask = labels == label
        height = int(boxes[label, cv2.CC_STAT_HEIGHT]) / rows
        own = min(1, n_pixels / _rounded(mask).sum()) * (1 - at_border / 2)
        own *= min(1, height / LUNG_HEIGHT)
        place = {"x": x / columns, "y": y / rows}
        found.append(Piece(mask=mask, area=area, height=height, own=own, **place))
    return found


def likeness(first: Piece, second: Piece) -> float:
    """Return how much two pieces, `first` on the left of the image, look like lungs.

    Returns:
        0 to 1; 1 for two round pieces of one size and height, on one level, the
        picture's middle between them, that take much of it and not its border.
    """
    if first.x > second.x - 0.15 or first.x > 0.55 or second.x < 0.45:
        return 0.0
    sizes, heights = (first.area, second.area), (first.height, second.height)
    parts = (
        (min(sizes) / max(sizes)) ** 0.5,
        min(heights) / max(heights),
        1 - min(1, abs(first.y - second.y) / 0.3),
        1 - min(1, abs((first.x + second.x) / 2 - 0.5) / 0.3),
        min(1, sum(sizes) / BOTH_SHARE),
        first.own,
        second.own,
    )
    return float(np.prod(parts))


def _rounded(mask: Mask) -> Mask:
    """Return the convex hull of a piece: no rib or vessel is cut out of a lung."""
    hull = np.zeros(mask.shape, np.uint8)
    points = np.argwhere(mask)[:, ::-1].astype(np.int32)
    cv2.fillConvexPoly(hull, cv2.convexHull(points), 1)
    return hull > 0


def _doubled(mask: Mask) -> Mask:
    """Return `mask` at the side of the square, its edges smooth and further out."""
    grey = mask.astype(np.uint8) * np.uint8(255)
    sized = cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    round_ = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, GROWN)
    return cv2.dilate(sized, round_) >= 128
