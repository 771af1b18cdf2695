"""Datasets of phantoms as ingestion and splitting leave them, and the guard's steps."""

import hashlib
from functools import cache

import cv2
import numpy as np
import pandas as pd

from workflow_scripts.core.tables.ingest import FINGERPRINTS, IMAGES
from workflow_scripts.core.tables.prepare import DRAWS, LEAKAGE, NEAR, POOL, SPLITS
from workflow_scripts.core.tables.prepare_pixels import STORE
from workflow_scripts.ingest.fingerprint import fingerprint
from workflow_scripts.prepare import leakage, near, pool, ready
from workflow_scripts.simulate import phantom, sites
from workflow_scripts.simulate.people import BODY, STUDY, draw_person, generator
from workflow_scripts.simulate.studies import draw_studies

SIZE_PX = 192  # of much smaller ones, a copy of half the size is another picture
CLINIC, FAR, ARCHIVE = "clinic", "far", "archive"  # trained on, external, pretraining
EACH = 100  # images in each of the three
COLUMNS = [
    "dataset",
    "image_id",
    "patient_id",
    "split",
    *list(FINGERPRINTS.columns)[1:],
]


@cache
def chest(number, site="north"):
    """Return the first picture of one made-up patient, as displayed."""
    place = sites.load(site)
    person = draw_person(generator(3, place, number, BODY), number)
    rng = generator(3, place, number, STUDY, 0)
    study = draw_studies(rng, person, place)[0]
    bodily = phantom.draw_chest(person, study, study.poses[0], SIZE_PX, 3, place)
    shown = phantom.take_picture(bodily, person, place, rng)
    return np.rint(255 * shown.picture.clip(0, 1)).astype(np.uint8)


def coded(picture, quality=75):
    code = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(code, cv2.IMREAD_GRAYSCALE)


def halved(picture):
    return cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)


def relit(picture, gamma=1.2, gain=0.85, shift=0.08):
    values = gain * (picture / 255) ** gamma + shift
    return np.rint(255 * values.clip(0, 1)).astype(np.uint8)


@cache
def _clean():
    """Return the rows of three datasets in which nobody meets; two images a patient."""
    parts = ("train", "train", "train", "validation", "test")
    rows = []
    for number in range(3 * EACH):
        name = (CLINIC, FAR, ARCHIVE)[number % 3]
        site = "south" if name == FAR else "north"
        patient = number // 6  # of the same dataset
        split = {CLINIC: parts[patient % 5], FAR: "test", ARCHIVE: "train"}[name]
        owner = f"{name}-p{patient}"
        rows.append(_row(name, f"i{number}", owner, split, chest(number, site)))
    return rows


def _row(dataset, image_id, patient, split, picture):
    pixels = hashlib.sha256(picture.tobytes()).hexdigest()
    return dataset, image_id, patient, split, pixels, fingerprint(picture)


class Hospitals:
    """Three datasets, to which leaks are added; each step runs on files in `folder`."""

    def __init__(self, folder, *, clean=True):
        self.folder = folder
        self.rows = list(_clean()) if clean else []
        self.tasks = [[CLINIC, FAR]]
        self.names = [CLINIC, FAR, ARCHIVE]

    def add(self, dataset, split, picture, patient=None):
        """Add an image, of a patient whom nobody knows unless one is given."""
        image_id = f"added{len(self.rows)}"
        owner = patient or image_id
        self.rows.append(_row(dataset, image_id, owner, split, picture))
        return image_id

    @property
    def images(self):
        return pd.DataFrame(self.rows, columns=COLUMNS)

    def one(self, dataset, split):
        """Return image_id, patient_id and picture of an image that is there."""
        number = next(
            n for n, row in enumerate(_clean()) if (row[0], row[3]) == (dataset, split)
        )
        row = _clean()[number]
        return row[1], row[2], chest(number, "south" if dataset == FAR else "north")

    def write(self):
        """Write the tables of each dataset."""
        for name in self.names:
            part = self.images[self.images["dataset"] == name].reset_index(drop=True)
            dtypes = {n: c.dtype for n, c in IMAGES.columns.items()}
            blank = {"string": "", "int64": 0, "float64": np.nan}
            filled = {n: blank[dtype] for n, dtype in dtypes.items()}
            filled |= {"sex": None, "official_split": None}
            owners = {c: part[c] for c in ("image_id", "patient_id")}
            filled |= {"study_id": "study-" + part["image_id"], "view_position": "PA"}
            frame = pd.DataFrame({**filled, **owners}, index=part.index)
            IMAGES.write(frame, self._path(name, "images"))
            SPLITS.write(part[["image_id", "split"]], self._path(name, "splits"))
            FINGERPRINTS.write(
                part[list(FINGERPRINTS.columns)], self._path(name, "fingerprints")
            )
            stored = dict.fromkeys(STORE.columns, 0) | {"crop": "none"}
            stored |= {"shard": part.index // 50, "row": part.index % 50}
            stored |= {"image_id": part["image_id"]}
            STORE.write(
                pd.DataFrame(stored, index=part.index), self._path(name, "rows")
            )

    def near(self):
        near.main(
            fingerprints=self._each("fingerprints"),
            recipe=near.Recipe(datasets=self.names),
            near=self.folder / "near",
        )
        return NEAR.read(self.folder / "near")

    def pool(
        self,
        *,
        data=(ARCHIVE,),
        walls=(CLINIC, FAR),
        patients="100%",
        seed=1,
        transductive=False,
    ):
        self.pooled = list(data)
        pool.main(
            images=self._each("images", data),
            rows=self._each("rows", data),
            splits=self._each("splits", data),
            fingerprints=self._each("fingerprints", data),
            wall_images=self._each("images", walls),
            wall_splits=self._each("splits", walls),
            wall_fingerprints=self._each("fingerprints", walls),
            recipe=pool.Recipe(
                datasets=list(data),
                walls=list(walls),
                patients=patients,
                seed=seed,
                transductive=transductive,
            ),
            pool=self.folder / "pool",
        )
        return POOL.read(self.folder / "pool")

    def put_into_pool(self, dataset, image_id):
        """Write an image into the pool file that has no business there."""
        row = {"dataset": dataset, "image_id": image_id, "shard": 0, "row": 0}
        written = POOL.read(self.folder / "pool")
        joined = pd.concat([written, pd.DataFrame([row])], ignore_index=True)
        POOL.write(joined, self.folder / "pool")

    def leakage(self, *, transductive=False):
        leakage.main(
            images=self._each("images"),
            splits=self._each("splits"),
            near=self.folder / "near",
            pools=[self.folder / "pool"],
            recipe=leakage.Recipe(
                datasets=self.names,
                encoders=["moco"],
                pools=[self.pooled],
                transductive=["moco"] if transductive else [],
                tasks=self.tasks,
            ),
            leakage=self.folder / "leakage",
        )
        return LEAKAGE.read(self.folder / "leakage")

    def ready(self):
        DRAWS.write(DRAWS.empty(), self.folder / "draws")
        ready.main(
            leakage=self.folder / "leakage",
            draws=[self.folder / "draws"],
            recipe=ready.Recipe(),
            ready=self.folder / "ready",
        )
        return (self.folder / "ready").read_text()

    def fill_pool(self, **choices):
        """Run the steps up to the pool."""
        self.write()
        self.near()
        self.pool(**choices)

    def judge(self, **choices):
        """Run the steps behind the pool; return the pairs that were found."""
        found = self.leakage(**choices)
        self.ready()
        return found

    def guard(self, *, transductive=False, **choices):
        """Run all steps; return the pairs that were found."""
        self.fill_pool(transductive=transductive, **choices)
        return self.judge(transductive=transductive)

    def _path(self, name, table):
        return self.folder / f"{name}-{table}"

    def _each(self, table, names=None):
        return [
            self._path(name, table) for name in (self.names if names is None else names)
        ]
