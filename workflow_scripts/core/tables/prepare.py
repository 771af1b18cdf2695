"""Tables that preparation writes, under `results/prepare/`."""

from workflow_scripts.core.tables import Column, Table, number, text, whole
from workflow_scripts.core.tables.ingest import IMAGE_ID, PATIENT_ID

DATASET = text("name of the dataset in the config")
SPLIT = text("which part of the data", "train", "validation", "test")
BUDGET = text('labels used for training: share of the training patients "1%", or count')


def budget_of(name: str) -> str:
    """Return the budget that a file's name stands for: `1pct` is `1%`."""
    return name.replace("pct", "%")


DRAW = whole("number of the draw, from 0")
FINDING = text("the thing to detect")

STORE = Table(
    name="store/images",
    meaning="where each image lies in the store, and which part of the picture it is",
    key=("image_id",),
    columns={
        "image_id": IMAGE_ID,
        "row": whole("position in `store/pixels.u8`"),
        "box_top": whole("first row of the crop in the picture"),
        "box_left": whole("first column of the crop in the picture"),
        "box_rows": whole("rows of the crop in the picture"),
        "box_columns": whole("columns of the crop in the picture"),
        "mask_quality": number("0 to 1; NaN where there is no lung mask"),
        "crop": text("what was done, and why not what was asked"),
    },
)

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
        "target": number("1 present, 0 absent, NaN unknown", 1, 0),
    },
)

DRAWS = Table(
    name="draws",
    meaning="the patients whose labels a classifier may use; nested within a draw",
    key=("budget", "draw", "patient_id"),
    columns={"budget": BUDGET, "draw": DRAW, "patient_id": PATIENT_ID},
)

POOL = Table(
    name="pool",
    meaning="the images that one encoder is pretrained on",
    key=("dataset", "image_id"),
    columns={"dataset": DATASET, "image_id": IMAGE_ID, "row": whole("in the store")},
)

LEAKAGE = Table(
    name="leakage",
    meaning="the same person or picture on both sides of a wall; one row a pair",
    key=("wall", "encoder", "dataset", "image_id", "other_dataset", "other_image_id"),
    columns={
        "wall": text("which wall is crossed", "split", "pool"),
        "kind": text("what is shared", "patient", "pixels"),
        "dataset": DATASET,
        "image_id": IMAGE_ID,
        "split": SPLIT,
        "other_dataset": DATASET,
        "other_image_id": IMAGE_ID,
        "other_split": SPLIT,
        "encoder": text("whose pool it is; empty for a split"),
        "excluded": Column(dtype="bool", meaning="left out of the pool, so harmless"),
    },
)
