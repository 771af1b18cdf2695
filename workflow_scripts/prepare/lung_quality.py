"""Say how much a mask looks like two lungs, and where each of them is."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from workflow_scripts.prepare.boxes import Box, around

Mask = NDArray[np.bool_]

PLAUSIBLE_AREA = (0.08, 0.65)  # share of the picture that two lungs may take
USUAL_SYMMETRY = 0.6  # a smaller lung of that share of the larger is nothing unusual
A_LUNG = 0.2  # a second piece of that share of the first is a lung, not a speck
WIDE = 0.75  # width over height from which one piece may be both lungs
VALLEY = 0.9  # between two lungs a column is at most that share of theirs


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What is to be said of one mask; all NaN where it is empty."""

    quality: float
    area: float
    symmetry: float
    pieces: float
    agreement: float
    right: Box | None  # of the patient: on the left of the image
    left: Box | None


def judged(lungs: Mask, share: float, agreement: float) -> Judged:
    """Return how far the `lungs` are to be trusted: as far as the weakest part.

    Args:
        lungs: shape (SIDE, SIDE).
        share: of the square that the picture takes.
        agreement: of the finder with itself, 0 to 1; NaN where it says nothing.
    """
    if not lungs.any():
        none = float("nan")
        return Judged(
            **dict.fromkeys(("quality", "area", "symmetry", "pieces"), none),
            agreement=agreement,
            right=None,
            left=None,
        )
    covered = float(lungs.mean()) / share
    right, left, pieces = sides(lungs)
    sizes = sorted((int(right.sum()), int(left.sum())))
    parts = {
        "area": float(PLAUSIBLE_AREA[0] <= covered <= PLAUSIBLE_AREA[1]),
        "symmetry": min(1.0, sizes[0] / sizes[1] / USUAL_SYMMETRY),
        "pieces": pieces,
    }
    return Judged(
        **parts,
        quality=float(np.nanmin([*parts.values(), agreement])),
        agreement=agreement,
        right=around(right) if right.any() else None,
        left=around(left) if left.any() else None,
    )


def dice(one: Mask, other: Mask, *, empty: float = 1.0) -> NDArray[np.float64]:
    """Return twice what two masks share over what both hold, mask by mask.

    Args:
        one: shape (..., rows, columns).
        other: same shape.
        empty: what is said of two empty masks. They are the same, hence 1; 0 suits
            where they are to confirm that lungs were found.

    Returns:
        0 to 1, shape (...).
    """
    shared = (one & other).sum((-2, -1), dtype=np.float64)
    both = one.sum((-2, -1), dtype=np.float64) + other.sum((-2, -1), dtype=np.float64)
    return np.where(both > 0, 2 * shared / np.maximum(both, 1), empty)


def sides(lungs: Mask) -> tuple[Mask, Mask, float]:
    """Return the patient's right lung, the left one, and their share of the mask.

    They are the two largest pieces. Where one piece covers both, as lungs drawn behind
    the heart do, it is cut at its narrowest; where it is one lung alone, the other is
    empty.
    """
    _, labels, stats, centres = cv2.connectedComponentsWithStats(lungs.astype(np.uint8))
    order = 1 + np.argsort(-stats[1:, cv2.CC_STAT_AREA], kind="stable")
    sizes = stats[order, cv2.CC_STAT_AREA] / lungs.sum()
    if len(order) > 1 and sizes[1] >= A_LUNG * sizes[0]:
        first, second = sorted(order[:2], key=lambda piece: centres[piece][0])
        return labels == first, labels == second, float(sizes[:2].sum())
    whole = labels == order[0]
    cut = valley(whole)
    right, left = whole.copy(), whole.copy()
    right[:, cut:] = False
    left[:, :cut] = False
    return right, left, float(sizes[0])


def valley(piece: Mask) -> int:
    """Return the column at which one piece is cut into two lungs.

    Returns:
        The lowest column of its middle third; an end of it where it is one lung, which
        is narrow or has no valley: all of it is then on the side on which it lies.
    """
    box = around(piece)
    profile = piece.sum(axis=0)
    start, end = box.left + box.columns // 3, box.left + 2 * box.columns // 3
    if box.columns >= WIDE * box.rows and end > start:
        cut = start + int(np.argmin(profile[start:end]))
        heights = profile[:cut].max(initial=0), profile[cut:].max(initial=0)
        if profile[cut] <= VALLEY * min(heights):
            return cut
    centre = float(np.average(np.arange(len(profile)), weights=profile))
    on_the_left = centre < len(profile) / 2
    return len(profile) if on_the_left else 0
