"""What is known of each file after it was decoded, before any label table."""

from workflow_scripts.core.tables import Column, Table, text, whole
from workflow_scripts.core.tables.ingest import IMAGES, LEDGER

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
        "fingerprint": text("of the picture, see `near`", required=False),
        "orientation": text("Patient Orientation (0020,0020)", required=False),
        "shard": whole("number of the shard file", required=False),
        "offset": whole("first byte of the picture in it", required=False),
        "picture_rows": whole("of the picture in the shard", required=False),
        "picture_columns": whole("of the picture in the shard", required=False),
    },
)
