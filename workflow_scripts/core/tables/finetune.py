"""Tables that fine-tuning writes, under `results/finetune/{task}/{encoder}/`."""

from workflow_scripts.core.tables import Table, number, text, whole
from workflow_scripts.core.tables.ingest import IMAGE_ID, PATIENT_ID
from workflow_scripts.core.tables.prepare import BUDGET, DATASET, DRAW, FINDING, SPLIT

PREDICTIONS = Table(
    name="predictions",
    meaning="the score of every test image by every classifier of one protocol",
    key=("budget", "draw", "dataset", "image_id", "finding"),
    columns={
        "image_id": IMAGE_ID,
        "patient_id": PATIENT_ID,
        "dataset": DATASET,
        "split": SPLIT,
        "budget": BUDGET,
        "draw": DRAW,
        "finding": FINDING,
        "target": number("1 present, 0 absent, NaN unknown", 1, 0),
        "score": number("chance that the finding is present", required=True),
    },
)

SELECTION = Table(
    name="selection",
    meaning="what was tried for each classifier, and what validation chose",
    key=("budget", "draw", "finding", "candidate"),
    columns={
        "budget": BUDGET,
        "draw": DRAW,
        "finding": text("the thing to detect, or `all` where chosen for all"),
        "candidate": text("the setting tried"),
        "validation_auroc": number("on the validation split; NaN where undefined"),
        "chosen": whole("1 for the one kept"),
        "n_labels": whole("labelled images used for training"),
        "n_patients": whole("patients whose labels were used for training"),
    },
)
