"""Make a cohort of chest phantoms: DICOM files, lung masks, a label table.

A phantom is drawn from formulas and random numbers. It is never data: what a method
does on phantoms shows that the chain works, not how it will do on patients.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from pydicom.dataset import Dataset

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Output
from workflow_scripts.core.progress import progress
from workflow_scripts.simulate import dicom, phantom, sites
from workflow_scripts.simulate import labels as label_table
from workflow_scripts.simulate.geometry import Map
from workflow_scripts.simulate.people import BODY, STUDY, Person, draw_person, generator
from workflow_scripts.simulate.studies import Study, draw_studies


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What decides a cohort (config.yaml: ``simulate``)."""

    site: str  # north or south
    patients: int
    first_patient: int  # cohorts of a site share people where numbers overlap
    size_px: int  # long side
    seed: int


@dataclass(frozen=True, kw_only=True)
class Folders:
    """Where files go."""

    images: Path
    lung_masks: Path


def main(*, recipe: Recipe, images: Output, lung_masks: Output, labels: Output) -> None:
    """Write one cohort: `images`, the `lung_masks` of the frontal ones, `labels`."""
    site = sites.load(recipe.site)
    folders = Folders(images=images, lung_masks=lung_masks)
    for folder in (images, lung_masks):
        folder.mkdir(parents=True, exist_ok=True)
    last = recipe.first_patient + recipe.patients
    numbers = range(recipe.first_patient, last)
    ds = dicom.template(site)
    with labels.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, label_table.COLUMNS, lineterminator="\n")
        table.writeheader()
        for number in progress(numbers, total=len(numbers), what="phantoms"):
            table.writerows(_write_patient(number, recipe, site, folders, ds))


def _write_patient(
    number: int, recipe: Recipe, site: sites.Site, folders: Folders, ds: Dataset
) -> Iterator[dict[str, object]]:
    """Write all files of patient `number`; yield the rows of the label table."""
    person = draw_person(generator(recipe.seed, site, number, BODY), number)
    days = generator(recipe.seed, site, number, STUDY, recipe.first_patient)
    for study in draw_studies(days, person, site):
        identity = (
            recipe.seed,
            site.prefix,
            number,
            recipe.first_patient,
            study.number,
        )
        dicom.describe(ds, person, study, site, identity)
        row = label_table.study_row(days, person, study, site)
        for index, path in _write_study(person, study, recipe, site, folders, ds):
            yield {"image": path, **row, "view": study.poses[index].view}


def _write_study(
    person: Person,
    study: Study,
    recipe: Recipe,
    site: sites.Site,
    folders: Folders,
    ds: Dataset,
) -> Iterator[tuple[int, str]]:
    """Write the images of one study and yield their index and relative path."""
    folder = Path(f"{site.prefix}{person.number:06d}", str(study.number))
    (folders.images / folder).mkdir(parents=True)
    for index, pose in enumerate(study.poses):
        key = (STUDY, recipe.first_patient, study.number, index)
        rng = generator(recipe.seed, site, person.number, *key)
        chest = phantom.draw_chest(
            person, study, pose, recipe.size_px, recipe.seed, site
        )
        exposure = phantom.take_picture(chest, person, site, rng)
        storage = dicom.draw_storage(rng, site)
        dicom.place(ds, pose, 10 * chest.grid.pitch_cm, index + 1)
        path = folder / f"{index + 1}.dcm"
        dicom.write(ds, exposure, storage, folders.images / path)
        if pose.view != "LL":
            _write_mask(chest.field, folders.lung_masks / path.with_suffix(".png"))
        yield index, path.as_posix()


def _write_mask(field: Map, path: Path) -> None:
    """Write the lungs as a reader outlines them: without heart, opacities included."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mask = np.where(field > 0.5, np.uint8(255), np.uint8(0))
    path.write_bytes(cv2.imencode(".png", mask)[1].tobytes())


if __name__ == "__main__":
    entry.run(main)
