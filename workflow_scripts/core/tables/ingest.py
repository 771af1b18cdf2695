"""Tables that ingestion writes, under `results/ingest/{dataset}/`."""

from workflow_scripts.core.tables import Column, Table, number, text, whole

FILE_ID = text("keyed hash of the file's path below the dataset's root")
IMAGE_ID = text("a public set's own image name, or a keyed hash of SOP Instance UID")
PATIENT_ID = text("pseudonym: keyed hash of site and Patient ID (0010,0020)")

NO_MASK = 255  # in `lung_masks/*.u8`, all over a picture that has no lung mask

LABEL_VALUES = {  # what a cell of a user's label table may say
    **{"": None, "1": 1.0, "0": 0.0, "-1": -1.0},
    **{"1.0": 1.0, "0.0": 0.0, "-1.0": -1.0},
}

PATHS = Table(
    name="private/paths",
    meaning="where each file lies; the only place where raw names appear",
    key=("file_id",),
    columns={
        "file_id": FILE_ID,
        "path": text("below the dataset's root, percent-encoded as in a URL"),
    },
)

LEDGER = Table(
    name="ledger",
    meaning="every file found, and what became of it",
    key=("file_id",),
    columns={
        "file_id": FILE_ID,
        "status": text("what became of it", "accepted", "excluded", "quarantined"),
        "reason": text("short code of the reason; `ok` when accepted"),
        "detail": text("numbers and words of ours only", required=False),
    },
)

IMAGES = Table(
    name="images",
    meaning="every accepted image",
    key=("image_id",),
    columns={
        "image_id": IMAGE_ID,
        "patient_id": PATIENT_ID,
        "study_id": text("keyed hash of Study Instance UID", required=False),
        "view_position": text("View Position (0018,5101)", required=False),
        "sex": text("Patient's Sex (0010,0040)", "F", "M", "O", required=False),
        "age_years": number("Patient's Age (0010,1010); 90 means 90 or more"),
        "file_id": FILE_ID,
        "rows": whole("of the file, before any resizing"),
        "columns": whole("of the file, before any resizing"),
        "photometric": text("Photometric Interpretation, or raster"),
        "bits_stored": whole("Bits Stored (0028,0101)"),
        "pixel_spacing_mm": number("Pixel Spacing or Imager Pixel Spacing, row"),
        "transfer_syntax": text("Transfer Syntax UID, or png, jpeg"),
        "sha256": text("of the file's bytes"),
        "official_split": text(
            "the publisher's", "train", "validation", "test", required=False
        ),
    },
)

PIXELS = Table(
    name="pixels",
    meaning="where each picture lies in the `pixels/*.u8` shards (uint8, row-major)",
    key=("image_id",),
    columns={
        "image_id": IMAGE_ID,
        "shard": whole("number of the shard file"),
        "offset": whole("first byte of the picture in it"),
        "rows": whole("of the picture"),
        "columns": whole("of the picture"),
    },
)

PATIENTS = ("given", "missing", "placeholder")

DECODED = Table(
    name="decoded",
    meaning="every file of one shard: what became of it, and its header in our words",
    key=("file_id",),
    columns={
        **LEDGER.columns,
        "patient": text("whether the header tells who it is", *PATIENTS),
        "image_id": text("see images", required=False),
        "patient_id": text("see images; missing unless given", required=False),
        "patient_number": text("keyed hash without the issuer", required=False),
        "has_issuer": Column(dtype="boolean", meaning="Issuer of Patient ID is there"),
        "study_id": IMAGES.columns["study_id"],
        "view_position": IMAGES.columns["view_position"],
        "sex": IMAGES.columns["sex"],
        "age_years": IMAGES.columns["age_years"],
        "rows": whole("of the file", required=False),
        "columns": whole("of the file", required=False),
        "photometric": text("see images", required=False),
        "bits_stored": whole("see images", required=False),
        "pixel_spacing_mm": IMAGES.columns["pixel_spacing_mm"],
        "transfer_syntax": text("see images; tells DICOM files", required=False),
        "sha256": text("of the file's bytes", required=False),
        "pixels_sha256": text("of the stored values", required=False),
        "fingerprint": text("of the picture, see `core.near`", required=False),
        "orientation": text("Patient Orientation (0020,0020)", required=False),
        "shard": whole("number of the shard file", required=False),
        "offset": whole("first byte of the picture in it", required=False),
        "picture_rows": whole("of the picture in the shard", required=False),
        "picture_columns": whole("of the picture in the shard", required=False),
    },
)

FINGERPRINTS = Table(
    name="fingerprints",
    meaning="by what copies of each accepted image are found",
    key=("image_id",),
    columns={
        "image_id": IMAGE_ID,
        "pixels_sha256": DECODED.columns["pixels_sha256"],
        "fingerprint": DECODED.columns["fingerprint"],
    },
)

STRATA = Table(
    name="strata",
    meaning="findings present in a patient, as told when the images were gathered",
    key=("patient_id", "finding"),
    columns={"patient_id": PATIENT_ID, "finding": text("the thing to detect")},
)

VERIFIED = Table(
    name="verified",
    meaning="the files that were read again, and are what they were",
    key=("file_id",),
    columns={"file_id": FILE_ID, "sha256": text("of its bytes; blank if no file")},
)

COUNTS = Table(
    name="counts",
    meaning="what was found of a dataset, and what its publisher says there is",
    key=("what",),
    columns={
        "what": text("accepted ones, and those that the publisher's tables list"),
        "found": whole("here"),
        "expected": whole("in the whole set, where published", required=False),
    },
)

LABELS = Table(
    name="labels",
    meaning="what is said of each image, long",
    key=("image_id", "finding"),
    columns={
        "image_id": IMAGE_ID,
        "finding": text("the thing to detect"),
        "value": number("1 present, 0 absent, -1 uncertain, NaN unknown", 1, 0, -1),
        "source": text("the table that says so, or a reader"),
    },
)
