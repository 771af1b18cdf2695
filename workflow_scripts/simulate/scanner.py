"""From ray lengths to stored numbers: attenuation, scatter, noise, response.

Beer-Lambert for several tissues, I = I0 exp(-sum mu l); scatter as the primary beam
spread wide (Seibert and Boone 1988); counts are Poisson; what is kept is the
logarithm of exposure, through the curve of the scanner. Coefficients are about those of
an 80 keV beam (NIST, Hubbell and Seltzer 1995). One energy, no beam hardening.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from workflow_scripts.simulate.frontal import Chest
from workflow_scripts.simulate.geometry import Map
from workflow_scripts.simulate.people import Person
from workflow_scripts.simulate.sites import Site

SOFT, BONE, LEAD = 0.180, 0.27, 26.0  # linear attenuation, 1/cm; bone beyond soft
SPREAD_CM = 3.5  # of scattered photons


@dataclass(frozen=True, kw_only=True)
class Exposure:
    """What the detector made of one shot: brightness as displayed, before storage."""

    picture: Map  # 0 darkest (air) to 1 brightest (bone), shape (rows, columns)
    centre: float  # of the window that the technician chose, in the picture's units
    width: float


def expose(
    chest: Chest, person: Person, lead: Map, site: Site, rng: np.random.Generator
) -> Exposure:
    """Take the picture of `chest`, with the lead letter `lead` before it."""
    tissue = chest.soft - (1 - person.lung_density) * chest.lung - chest.air
    depth = SOFT * np.maximum(tissue, 0) + BONE * chest.bone
    primary = np.exp(-depth - LEAD * (chest.metal + lead))
    signal = _detect(primary, chest, site, rng)
    reach = (0.04, 0.8) if chest.grid.pose.view == "LL" else (0.03, 0.96)
    bright = _respond(-np.log(signal), reach, site, rng)
    bright = _collimate(bright, site, rng)
    return Exposure(
        picture=bright,
        centre=0.5 + float(rng.normal(0, 0.035)),
        width=float(np.clip(rng.normal(0.92, 0.1), 0.65, 1.2)),
    )


def _detect(primary: Map, chest: Chest, site: Site, rng: np.random.Generator) -> Map:
    """Return what each pixel counts, as a share of the open beam; never 0."""
    pitch = chest.grid.pitch_cm
    wide = _blur(primary, SPREAD_CM / pitch)
    thick = np.minimum(-np.log(np.maximum(wide, 1e-4)) * (1 / 3.5), 1.0)
    share = site.scatter * float(rng.uniform(0.75, 1.2))
    total = primary + wide * share * thick
    total = _blur(total, 0.1 * site.blur_mm / pitch)
    quanta = site.quanta * chest.grid.pose.exposure
    counts = rng.poisson(total * quanta).astype(np.float32)
    return (counts + 1) * (1 / quanta)


def _blur(picture: Map, sigma_px: float) -> Map:
    """Return `picture` blurred; wide kernels work on a smaller copy."""
    if sigma_px < 0.2:
        return picture
    shrink = int(sigma_px // 2.5)
    if shrink < 2:
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma_px), np.float32)
    rows, columns = picture.shape
    size = (max(columns // shrink, 1), max(rows // shrink, 1))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma_px / shrink)
    large = cv2.resize(small, (columns, rows), interpolation=cv2.INTER_LINEAR)
    return np.asarray(large, np.float32)


def _respond(
    depth: Map, reach: tuple[float, float], site: Site, rng: np.random.Generator
) -> Map:
    """Return brightness: the range of the body, found as scanners do, on a curve.

    Args:
        depth: negative logarithm of the exposure.
        reach: quantiles of the body that become dark and bright.
        site: gives the curve.
        rng: no technician sets it twice the same way.
    """
    step = max(len(depth) // 128, 1)
    sample = depth[::step, ::step].ravel()
    body = sample[sample > 0.35]
    low, high = np.quantile(body if len(body) > 99 else sample, reach)
    low = float(low) + float(rng.normal(0, 0.1)) - 0.2
    high = float(high) + float(rng.normal(0, 0.12)) + 0.2
    level = (depth - low) * (1 / max(high - low, 0.5))
    if site.sharpening:
        smooth = _blur(level, 0.012 * len(level))
        level = level + site.sharpening * float(rng.uniform(0.6, 1.3)) * (
            level - smooth
        )
    if site.gain:
        gain = site.gain * float(rng.uniform(0.85, 1.25))
        level = 1 / (1 + np.exp(-gain * 1.35 * (level - float(rng.normal(0.5, 0.05)))))
    return np.clip(level, 0, 1).astype(np.float32)


def _collimate(bright: Map, site: Site, rng: np.random.Generator) -> Map:
    """Cover the borders: black by software, or bright where no beam reached."""
    chance = rng.random()
    if chance >= site.shutter + site.unexposed:
        return bright
    rows, columns = bright.shape
    top, bottom, left, right = (
        float(share) for share in rng.uniform(0, 0.085, 4) * (rng.random(4) < 0.7)
    )
    value = 0.0 if chance < site.shutter else float(rng.uniform(0.88, 1.0))
    covered = np.full_like(bright, value)
    inner = (
        slice(round(top * rows), rows - round(bottom * rows)),
        slice(round(left * columns), columns - round(right * columns)),
    )
    covered[inner] = bright[inner]
    return covered


def stored(picture: Map, bits: int, *, monochrome1: bool) -> NDArray[np.uint16]:
    """Return the numbers a file holds: 2 % of the range kept free at both ends."""
    most = 2**bits - 1
    values = np.rint(picture * (0.96 * most) + 0.02 * most).astype(np.uint16)
    return np.asarray(most - values if monochrome1 else values, np.uint16)
