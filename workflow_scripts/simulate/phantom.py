"""One phantom before the beam: body, findings and devices together, and its film."""

import numpy as np

from workflow_scripts.simulate import findings, lateral
from workflow_scripts.simulate.bones import add_bones
from workflow_scripts.simulate.devices import add_devices, marker
from workflow_scripts.simulate.frontal import Chest, frontal_chest
from workflow_scripts.simulate.geometry import lay_grid
from workflow_scripts.simulate.people import LESIONS, VESSELS, Person, generator
from workflow_scripts.simulate.scanner import Exposure, expose
from workflow_scripts.simulate.sites import Site
from workflow_scripts.simulate.studies import Pose, Study
from workflow_scripts.simulate.vessels import add_lateral_vessels, add_vessels


def draw_chest(
    person: Person, study: Study, pose: Pose, size_px: int, seed: int, site: Site
) -> Chest:
    """Return what the beam crosses, with the study's findings and without devices."""
    vessels = generator(seed, site, person.number, VESSELS)
    where = findings.draw_lesions(generator(seed, site, person.number, LESIONS))
    heart, effusion, patches, nodule, pneumothorax = study.severities
    grid = lay_grid(size_px, pose)
    ratio = findings.heart_ratio(
        person, heart, bed=pose.view == "AP", breath=pose.breath
    )
    if pose.view == "LL":
        chest = lateral.lateral_chest(person, grid, ratio)
        add_lateral_vessels(chest, person, vessels)
        lateral.add_lateral_findings(chest, person, where, study.severities)
        return chest
    chest = frontal_chest(person, grid, ratio)
    add_vessels(chest, person, vessels)
    add_bones(chest, person)
    findings.add_consolidation(chest, where, patches)
    findings.add_nodule(chest, where, nodule)
    findings.add_pneumothorax(chest, where, pneumothorax)
    findings.add_effusion(chest, person, where, effusion)
    return chest


def take_picture(
    chest: Chest, person: Person, site: Site, rng: np.random.Generator
) -> Exposure:
    """Return the film of `chest`, with the devices and the letter of that moment."""
    add_devices(chest, rng)
    return expose(chest, person, marker(chest, site, rng), site, rng)
