"""The two made-up hospitals: their scanners, their patients, their habits.

Nothing here describes a real hospital or device; the numbers make two cohorts of
phantoms that differ in every way in which real sites are known to differ.
"""

from dataclasses import dataclass

from workflow_scripts.core.errors import InputError

EXPLICIT = "1.2.840.10008.1.2.1"
IMPLICIT = "1.2.840.10008.1.2"
RLE = "1.2.840.10008.1.2.5"
JPEG_2000 = "1.2.840.10008.1.2.4.90"
JPEG_LS = "1.2.840.10008.1.2.4.80"


@dataclass(frozen=True, kw_only=True)
class Site:
    """One hospital. Shares lie in [0, 1]."""

    number: int  # enters every seed
    prefix: str  # of patient numbers
    modality: str
    sop_class: str
    manufacturer: str
    model: str
    bits: tuple[int, ...]  # BitsStored, drawn evenly
    syntaxes: tuple[str, ...]  # transfer syntaxes, drawn evenly
    monochrome1: float  # share of files in this polarity
    rescaled: float  # share of files with a slope other than 1
    prevalence: tuple[float, ...]  # share of studies with each of FINDINGS
    anteroposterior: float  # share of frontal images taken in bed
    quanta: float  # noise-equivalent photons in a pixel of unattenuated beam
    scatter: float  # scattered share of the signal behind a thick patient
    blur_mm: float  # detector unsharpness, standard deviation
    gain: float  # slope of the response curve; 0 is a straight line in log exposure
    sharpening: float  # weight of the high-pass picture the scanner adds
    shutter: float  # share of images with black bars
    unexposed: float  # share of images with bright, uncovered collimator shadow
    marker: str  # letter: bare letters; disc: a letter in a ring
    marker_height: tuple[float, float]  # where it lies, share of the image from the top


NORTH = Site(
    number=1,
    prefix="N",
    modality="CR",
    sop_class="1.2.840.10008.5.1.4.1.1.1",
    manufacturer="FewRay Phantoms North",
    model="PlateReader 1",
    bits=(10, 12, 12),
    syntaxes=(EXPLICIT, IMPLICIT, RLE, JPEG_LS, EXPLICIT),
    monochrome1=0.8,
    rescaled=0.2,
    prevalence=(0.30, 0.32, 0.30, 0.12, 0.08),
    anteroposterior=0.35,
    quanta=6e3,
    scatter=0.55,
    blur_mm=1.3,
    gain=3.2,
    sharpening=0.0,
    shutter=0.35,
    unexposed=0.15,
    marker="letter",
    marker_height=(0.03, 0.22),
)
SOUTH = Site(
    number=2,
    prefix="S",
    modality="DX",
    sop_class="1.2.840.10008.5.1.4.1.1.1.1",
    manufacturer="FewRay Phantoms South",
    model="FlatPanel 2",
    bits=(12, 14, 14),
    syntaxes=(EXPLICIT, JPEG_2000, JPEG_LS, JPEG_2000, RLE),
    monochrome1=0.12,
    rescaled=0.0,
    prevalence=(0.20, 0.22, 0.38, 0.16, 0.05),
    anteroposterior=0.15,
    quanta=2.5e4,
    scatter=0.35,
    blur_mm=0.5,
    gain=0.0,
    sharpening=0.6,
    shutter=0.6,
    unexposed=0.0,
    marker="disc",
    marker_height=(0.55, 0.92),
)
SITES = {"north": NORTH, "south": SOUTH}


def load(name: str) -> Site:
    """Return the site called `name`.

    Raises:
        InputError: if there is no such site.
    """
    if name not in SITES:
        raise InputError(f"site: {name!r} is none of {sorted(SITES)}")
    return SITES[name]
