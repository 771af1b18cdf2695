"""Tables of lungs and stored images, under `results/prepare/{dataset}/`."""

from workflow_scripts.core.tables import Column, Table, number, text, whole
from workflow_scripts.core.tables.ingest import FILE_ID, IMAGE_ID, PATIENT_ID
from workflow_scripts.core.tables.prepare import DATASET

CROP = {
    "box_top": whole("first row of the crop in the picture"),
    "box_left": whole("first column of the crop in the picture"),
    "box_rows": whole("rows of the crop in the picture"),
    "box_columns": whole("columns of the crop in the picture"),
    "mask_quality": number("0 to 1; NaN where there is no lung mask"),
    "crop": text("what was done, and why not what was asked"),
}

STORED = Table(
    name="store/shard",
    meaning="which picture each image of one store shard is, and which part of it",
    key=("file_id",),
    columns={
        "file_id": FILE_ID,
        "row": whole("position in the shard's `.u8` and `.lungs`"),
        **CROP,
    },
)

STORE = Table(
    name="store/images",
    meaning="where each image lies in the store, and which part of the picture it is",
    key=("image_id",),
    columns={
        "image_id": IMAGE_ID,
        "shard": whole("number of the file `store/{shard}.u8`"),
        "row": whole("position in that file"),
        **CROP,
    },
)

DRAWN = Table(
    name="store/drawn",
    meaning="in which pictures of one store shard somebody drew something",
    key=("file_id",),
    columns={
        "file_id": FILE_ID,
        "row": whole("position in the shard's `.drawn`"),
        "drawn": Column(dtype="bool", meaning="whether anything is drawn in it"),
    },
)

SHARDS = Table(
    name="store/shards",
    meaning="the files of the store, to be checked by whoever copies them",
    key=("shard",),
    columns={
        "shard": whole("number of the file `store/{shard}.u8`"),
        "images": whole("in it, of size_px x size_px bytes"),
        "sha256": text("of `store/{shard}.u8`"),
        "lungs_sha256": text("of `store/{shard}.lungs`"),
    },
)

INTENSITY = Table(
    name="intensity",
    meaning="grey values of a dataset's stored training images",
    key=("dataset",),
    columns={
        "dataset": DATASET,
        "mean": number("0 to 1; NaN where no image is in the training split"),
        "deviation": number("of single pixels, 0 to 0.5"),
        "n_images": whole("of the training split"),
    },
)

LUNGS = Table(
    name="lungs",
    meaning="where the lungs of each decoded picture were found, and how surely",
    key=("file_id",),
    columns={
        "file_id": FILE_ID,
        "row": whole("position in the shard's `.bits`"),
        "quality": number("0 to 1, the least of the four below; NaN without a mask"),
        "area": number("1 where two lungs may cover that share of the picture, else 0"),
        "symmetry": number("0 to 1: smaller lung over larger lung, of what is usual"),
        "pieces": number("0 to 1: share of the mask in its two largest pieces"),
        "agreement": number("0 to 1: Dice of the masks of two altered copies"),
        **{
            f"{side}_{part}": number(f"box of the {side} lung in the picture, pixels")
            for side in ("right", "left")  # the patient's
            for part in ("top", "left", "rows", "columns")
        },
    },
)

EXAMPLES = Table(
    name="lung_examples",
    meaning="pictures with drawn lungs, to teach and to test the lung finder",
    key=("image_id",),
    columns={
        "image_id": IMAGE_ID,
        "patient_id": PATIENT_ID,
        "part": text(
            "what it is for; of the lung finder alone", "train", "validation", "test"
        ),
        "row": whole("position in `lung_examples.u8`"),
    },
)

DICE = Table(
    name="lung_finder/dice",
    meaning="how well the lung finder agrees with drawn lungs it has not learnt from",
    key=("dataset",),
    columns={
        "dataset": DATASET,
        "n_images": whole("with drawn lungs"),
        "n_patients": whole("the unit that is resampled"),
        "dice": number("mean over images, 0 to 1"),
        "low": number("lower end of the 95 % interval, patients resampled"),
        "high": number("upper end of the 95 % interval"),
    },
)
