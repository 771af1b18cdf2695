"""What happens on one day: how ill the person is, and how each image is taken.

A finding is there when a normally distributed liability passes the threshold that
its prevalence sets (Falconer 1965); how far it passes is the severity. So subtle
findings are common and grave ones rare, as in a hospital.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from workflow_scripts.simulate.people import Person
from workflow_scripts.simulate.sites import Site

DRIFT = 0.45  # of a liability between two studies of one person
STEEPNESS = 1.7  # liability above the threshold that counts as the gravest
SECOND_IMAGE = (0.78, 0.10, 0.12)  # none, lateral (8 % of all images), frontal again


@dataclass(frozen=True, kw_only=True)
class Pose:
    """How the person stands before the detector, and what is set at the tube."""

    view: str  # PA, AP or LL
    aspect: float  # columns over rows
    turn: float  # in the picture's plane, radians
    rotation: float  # about the long axis, radians; moves the heart sideways
    shift: tuple[float, float]  # cm, to the right and down
    magnification: float
    breath: float  # 1 is full inspiration
    exposure: float  # of the usual dose


@dataclass(frozen=True, kw_only=True)
class Study:
    """One examination of one person."""

    number: int  # from 1
    days: int  # since the first of January 2015
    severities: tuple[float, ...]  # of each of FINDINGS, 0 absent, to 1
    poses: tuple[Pose, ...]


def draw_studies(rng: np.random.Generator, person: Person, site: Site) -> list[Study]:
    """Draw one to three studies of one or two images each."""
    thresholds = [NormalDist().inv_cdf(1 - share) for share in site.prevalence]
    stay = np.sqrt(1 - DRIFT**2)
    day = int(rng.integers(0, 2500))
    studies = []
    for number in range(1, 1 + int(rng.choice(3, p=(0.6, 0.27, 0.13)) + 1)):
        today = stay * np.array(person.liability)
        today = today + DRIFT * rng.standard_normal(len(today))
        grades = np.clip((today - thresholds) / STEEPNESS, 0, 1)
        severities = tuple(grades.tolist())
        study = Study(
            number=number,
            days=day,
            severities=severities,
            poses=_draw_poses(rng, site, sum(severities)),
        )
        studies.append(study)
        day += int(rng.integers(1, 400))
    return studies


def _draw_poses(
    rng: np.random.Generator, site: Site, illness: float
) -> tuple[Pose, ...]:
    """The frontal image, and sometimes a lateral or a second frontal one."""
    in_bed = rng.random() < site.anteroposterior * (0.85 + 0.3 * min(illness, 1))
    frontal = "AP" if in_bed else "PA"
    second = rng.choice(3, p=SECOND_IMAGE)
    views = [frontal, *([], ["LL"], [frontal])[second]]
    return tuple(_draw_pose(rng, view) for view in views)


def _draw_pose(rng: np.random.Generator, view: str) -> Pose:
    """A portable image varies more: turned, less breath, magnified."""
    loose = 1.5 if view == "AP" else 1.0
    return Pose(
        view=view,
        aspect=float(rng.uniform(0.8, 1.0)),
        turn=float(rng.normal(0, 0.03 * loose)),
        rotation=float(rng.normal(0, 0.07 * loose)),
        shift=(float(rng.normal(0, 0.9 * loose)), float(rng.normal(0, 1.4 * loose))),
        magnification=float(rng.normal(1.1 if view == "AP" else 1.04, 0.06)),
        breath=float(
            np.clip(rng.normal(0.88 if view == "AP" else 0.98, 0.07), 0.7, 1.1)
        ),
        exposure=float(np.exp(rng.normal(0, 0.45))),
    )
