"""Findings: each shows more the graver it is, and none of them shows at 0."""

import numpy as np
import pytest

from workflow_scripts.simulate import sites
from workflow_scripts.simulate.findings import heart_ratio
from workflow_scripts.simulate.people import BODY, FINDINGS, draw_person, generator
from workflow_scripts.simulate.phantom import draw_chest, take_picture
from workflow_scripts.simulate.studies import Pose, Study

SEED = 11
GRADES = (0.0, 0.1, 0.4, 0.9)


def pose(view="PA"):
    return Pose(
        view=view,
        aspect=0.9,
        turn=0.0,
        rotation=0.0,
        shift=(0.0, 0.0),
        magnification=1.04,
        breath=1.0,
        exposure=1.0,
    )


def chest(finding, severity, patient=0, view="PA"):
    site = sites.NORTH
    person = draw_person(generator(SEED, site, patient, BODY), patient)
    severities = tuple(severity * (name == finding) for name in FINDINGS)
    study = Study(number=1, days=0, severities=severities, poses=(pose(view),))
    return draw_chest(person, study, study.poses[0], 128, SEED, site), person


@pytest.mark.parametrize("patient", range(4))
@pytest.mark.parametrize("finding", FINDINGS)
def test_a_graver_finding_takes_more_lung_away(finding, patient):
    healthy, _ = chest(finding, 0.0, patient)
    change = []
    for grade in GRADES:
        ill, _ = chest(finding, grade, patient)
        taken = np.abs(healthy.air - ill.air)
        if finding != "pneumothorax":
            taken = np.abs(healthy.lung - ill.lung)
        change.append(taken.sum())
    assert change[0] == 0
    assert all(np.diff(change) > 0)


@pytest.mark.parametrize("finding", ["effusion", "consolidation", "nodule"])
def test_a_lateral_image_shows_it_too(finding):
    healthy, _ = chest(finding, 0.0, view="LL")
    ill, _ = chest(finding, 0.8, view="LL")
    assert (healthy.lung - ill.lung).sum() > 10


def test_cardiomegaly_widens_the_heart_in_the_picture():
    widths = []
    for grade in GRADES:
        ill, _ = chest("cardiomegaly", grade)
        row = int(np.argmin(np.abs(ill.grid.y[:, 0] - (ill.domes[0] - 4))))
        inside = ill.across[row] < 0.98
        widths.append((inside & (ill.field[row] < 0.5)).sum() / inside.sum())
    assert all(np.diff(widths) > 0)
    assert widths[0] < 0.5 < widths[-1]


def test_the_cardiothoracic_ratio_passes_a_half_when_grave():
    _, person = chest("cardiomegaly", 0.0)
    ratios = [heart_ratio(person, grade, bed=False, breath=1.0) for grade in GRADES]
    assert ratios == sorted(ratios)
    assert ratios[-1] > 0.5
    assert heart_ratio(person, 0.0, bed=True, breath=0.85) > ratios[0]


def test_a_picture_lies_between_dark_and_bright_and_is_darkest_in_air():
    ill, person = chest("effusion", 0.5)
    rng = np.random.default_rng(0)
    exposure = take_picture(ill, person, sites.SOUTH, rng)
    assert exposure.picture.dtype == np.float32
    assert ill.lung.dtype == ill.soft.dtype == ill.bone.dtype == np.float32
    assert 0 <= exposure.picture.min() < exposure.picture.max() <= 1
    lungs = exposure.picture[ill.field > 0.9].mean()
    belly = exposure.picture[(ill.height < -5) & (ill.soft > 15)].mean()
    assert lungs < belly
