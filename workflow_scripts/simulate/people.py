"""Who a phantom is: a body drawn once for each patient number of a site.

Everything about a person follows from (seed, site, patient number), so that a person
is the same in every cohort. Lengths in centimetres.
"""

from dataclasses import dataclass

import numpy as np

from workflow_scripts.simulate.sites import Site

FINDINGS = ("cardiomegaly", "effusion", "consolidation", "nodule", "pneumothorax")
# How much of each liability is shared: sick hearts make water, the rest stands alone.
SHARED = (0.5, 0.5, 0.2, 0.0, 0.0)
# Mean, standard deviation and least value of what varies like a normal number.
VARIATION = {
    "width": (13.4, 0.8, 10.0),  # of a body of usual size, as the next two
    "depth": (8.6, 0.7, 6.0),
    "height": (21.0, 1.8, 15.0),
    "roundness": (2.3, 0.25, 1.6),
    "breast_y": (16.0, 2.0, 10.0),
    "cardiothoracic": (0.44, 0.03, 0.36),
    "heart_tilt": (0.55, 0.14, 0.1),
    "mediastinum": (2.7, 0.3, 2.0),
    "dome_step": (1.3, 0.9, -1.5),
    "dome_curve": (4.3, 0.9, 2.0),
    "bone": (1.05, 0.13, 0.7),
    "rib_spacing": (2.55, 0.15, 2.0),
    "rib_slope": (1.0, 0.25, 0.3),
    "rib_start": (-0.6, 0.6, -3.0),
    "lung_density": (0.27, 0.03, 0.18),
    "vessels": (1.0, 0.15, 0.6),
    "spine_bend": (0.0, 0.45, -1.5),
    "gas": (1.6, 1.0, 0.0),
}
BODY, STUDY, VESSELS, LESIONS = range(4)  # streams of random numbers


@dataclass(frozen=True, kw_only=True)
class Person:
    """Size and shape of one body, and what it tends to suffer from."""

    number: int
    sex: str  # F or M
    age_years: int
    width: float  # half inner width of the rib cage where it is widest
    depth: float  # half inner depth
    height: float  # from the apex of the lungs to the right dome, breathed in
    roundness: float  # exponent of the cage's outline
    wall: float  # chest wall: muscle and fat on each side
    breast: float  # greatest thickness; 0 for none
    breast_y: float  # how far below the apices they hang
    cardiothoracic: float  # healthy ratio of heart width to cage width
    heart_tilt: float  # radians
    fat_pad: float  # at the heart's apex
    aorta: float  # how far the arch stands out to the left
    mediastinum: float  # half width above the heart
    dome_step: float  # how much lower the left dome lies
    dome_curve: float  # from the dome's top down to the angle
    bone: float  # mineral density, 1 is usual
    rib_spacing: float
    rib_slope: float  # fall of a posterior rib from spine to side
    rib_start: float
    lung_density: float  # of water; about 0.26
    vessels: float  # calibre, 1 is usual
    scapula: float  # how far it overlaps the lung
    spine_bend: float  # scoliosis, amplitude
    gas: float  # radius of the stomach bubble
    liability: tuple[float, ...]  # of each of FINDINGS, standard normal


def generator(seed: int, site: Site, patient: int, *key: int) -> np.random.Generator:
    """Return the random numbers of one patient's stream `key`, and of no other."""
    sequence = np.random.SeedSequence((seed, site.number, patient), spawn_key=key)
    return np.random.Generator(np.random.PCG64(sequence))


def draw_person(rng: np.random.Generator, number: int) -> Person:
    """Draw the body of patient `number`."""
    female = bool(rng.random() < 0.48)
    age = int(np.clip(rng.normal(58, 17), 18, 95))
    size = float(rng.normal(0.93 if female else 1.02, 0.055))
    fat = float(rng.gamma(2.0, 0.5))
    varied = {
        name: max(float(rng.normal(mean, deviation)), least)
        for name, (mean, deviation, least) in VARIATION.items()
    }
    for name in ("width", "depth", "height", "rib_spacing"):
        varied[name] *= size
    varied["bone"] -= 0.004 * max(age - 50, 0)
    breast = (0.8 + 1.2 * min(fat, 2.5)) * float(rng.uniform(0.4, 1.3))
    return Person(
        number=number,
        sex="F" if female else "M",
        age_years=age,
        wall=1.8 + 1.2 * fat,
        breast=breast if female else 0.0,
        fat_pad=float(rng.uniform(0, 1.0)) * fat,
        aorta=0.5 + 0.02 * max(age - 30, 0) * float(rng.uniform(0.3, 1.3)),
        scapula=float(rng.uniform(-1, 1)),
        liability=_liabilities(rng),
        **varied,
    )


def _liabilities(rng: np.random.Generator) -> tuple[float, ...]:
    common = rng.standard_normal()
    own = rng.standard_normal(len(FINDINGS))
    shared = np.array(SHARED)
    return tuple((shared * common + np.sqrt(1 - shared**2) * own).tolist())
