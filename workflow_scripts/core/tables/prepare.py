"""Tables that preparation writes, under `results/prepare/`."""

from workflow_scripts.core.tables import Column, Table, number, text, whole
from workflow_scripts.core.tables.ingest import IMAGE_ID, IMAGES, PATIENT_ID

DATASET = text("name of the dataset in the config")
SPLIT = text("which part of the data", "train", "validation", "test")
PER_CLASS = " per class"
BUDGET = text(
    'labels used for training: share of the training patients "1%", count of them, or '
    'patients with and without each finding "8 per class"'
)


def budget_of(name: str) -> str:
    """Return the budget of a file's name: `1pct` is `1%`, `8perclass` `8 per class`."""
    return name.replace("pct", "%").replace("perclass", PER_CLASS)


def file_name_of(budget: str) -> str:
    """Return how a budget stands in file names; see `budget_of`."""
    return budget.replace(PER_CLASS, "perclass").replace("%", "pct")


DRAW = whole("number of the draw, from 0")
FINDING = text("the thing to detect")

SPLITS = Table(
    name="splits",
    meaning="which part of the data each image belongs to; a patient is in one only",
    key=("image_id",),
    columns={"image_id": IMAGE_ID, "split": SPLIT},
)

TARGETS = Table(
    name="targets",
    meaning="what a task asks of each image, after its policy for uncertain labels",
    key=("dataset", "image_id", "finding"),
    columns={
        "dataset": DATASET,
        "image_id": IMAGE_ID,
        "patient_id": PATIENT_ID,
        "split": SPLIT,
        "finding": FINDING,
        "target": number(
            "1 present, 0 absent, NaN unknown; of an ordinal task 1 if the level is at "
            "least this one; 0.5 uncertain, in the training split only",
            *(1, 0, 0.5),
        ),
    },
)

DRAWS = Table(
    name="draws",
    meaning="the patients whose labels a classifier may use; within a draw, shares and "
    "counts are nested, and budgets per class are",
    key=("budget", "draw", "patient_id"),
    columns={"budget": BUDGET, "draw": DRAW, "patient_id": PATIENT_ID},
)

ORDER = Table(
    name="order",
    meaning="training patients in the order of each draw; a budget takes the first, or "
    "the first of each class",
    key=("draw", "place"),
    columns={
        "draw": DRAW,
        "place": whole("from 0"),
        "patient_id": PATIENT_ID,
        "per_class": whole(
            "the least k for which the patient is among the first k with or without "
            "some finding, from 1; missing if nothing is known of the patient",
            required=False,
        ),
        "needed": Column(
            dtype="bool",
            meaning="one of the first with or without some finding: no budget may end "
            "before",
        ),
    },
)

CLASSES = Table(
    name="classes",
    meaning="how many training patients have, and have not, each finding",
    key=("finding", "target"),
    columns={
        "finding": FINDING,
        "target": number("1 present, 0 absent", 1, 0, required=True),
        "n_patients": whole("at least 1; who has images of both kinds is in both"),
    },
)

NEAR = Table(
    name="near",
    meaning="pairs of images that show the same picture, within and across datasets",
    key=("dataset", "image_id", "other_dataset", "other_image_id"),
    columns={
        "dataset": DATASET,
        "image_id": IMAGE_ID,
        "other_dataset": DATASET,
        "other_image_id": IMAGE_ID,
        "kind": text("what is shared", "pixels", "near"),
        "correlation": number("of the two pictures' details, see `core.near`"),
    },
)

PATIENT_IF_KNOWN = text(
    f"{PATIENT_ID.meaning}; missing where nobody tells", required=False
)

POOL = Table(
    name="pool",
    meaning="the images that one encoder is pretrained on",
    key=("dataset", "image_id"),
    columns={
        "dataset": DATASET,
        "image_id": IMAGE_ID,
        "shard": whole("of the dataset's store"),
        "row": whole("in the shard"),
        "patient_id": PATIENT_IF_KNOWN,
        "study_id": IMAGES.columns["study_id"],
        "view_position": IMAGES.columns["view_position"],
    },
)

POOL_TARGETS = Table(
    name="pool_targets",
    meaning="what an encoder is told of the images of its pool, after its policy for "
    "uncertain labels; what is not listed is unknown",
    key=("dataset", "image_id", "finding"),
    columns={
        "dataset": DATASET,
        "image_id": IMAGE_ID,
        "patient_id": PATIENT_IF_KNOWN,
        "finding": FINDING,
        "target": number("1 present, 0 absent", 1, 0, required=True),
    },
)

LEAKAGE = Table(
    name="leakage",
    meaning="the same person or picture on both sides of a wall; of a person with n "
    "and m images there max(n, m) pairs, in which each image is named; an image of a "
    "pool that is itself held out meets itself",
    key=("wall", "encoder", "dataset", "image_id", "other_dataset", "other_image_id"),
    columns={
        "wall": text("which wall is crossed", "split", "pool"),
        "kind": text("what is shared", "patient", "pixels", "near"),
        "dataset": DATASET,
        "image_id": IMAGE_ID,
        "split": SPLIT,
        "other_dataset": DATASET,
        "other_image_id": IMAGE_ID,
        "other_split": SPLIT,
        "encoder": text("whose pool it is; empty for a split"),
        "excluded": Column(dtype="bool", meaning="left out of the pool, so harmless"),
        "transductive": Column(dtype="bool", meaning="kept in the pool on purpose"),
    },
)
