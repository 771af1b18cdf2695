"""Tables that fine-tuning writes, under `results/finetune/{task}/{encoder}/`."""

from workflow_scripts.core.tables import Table, number, text, whole
from workflow_scripts.core.tables.ingest import FILE_ID, IMAGE_ID, PATIENT_ID
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
        "target": number(
            "1 present, 0 absent, NaN unknown; of an ordinal task 1 if the level is at "
            "least this one",
            *(1, 0),
        ),
        "score": number(
            "chance that the finding is present, or that an ordinal level is at least "
            "this one; of a segmentation Dice of the image, what was answered against "
            "what was drawn",
            required=True,
        ),
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
        "validation_score": number(
            "macro AUROC, or Dice, of the images that chose; NaN where undefined"
        ),
        "chosen": whole("1 for the one kept"),
        "cell": text(
            "digest of all that decides the classifier; missing where classifiers are "
            "solved together, anew each time",
            required=False,
        ),
        "steps": whole("of the optimiser, in all trainings; 0: solved without"),
        "chosen_by": text(
            "whose labels chose: those of the validation split, or those drawn, each "
            "judged by what the others taught",
            "validation",
            "folds",
        ),
        "n_labels": whole("labelled images used for training"),
        "n_choosing": whole("labelled images of the validation split that chose"),
        "n_patients": whole("patients whose labels were used for training"),
    },
)

RANKING = Table(
    name="ranking",
    meaning="how well a linear probe of each encoder, taught on all training patients, "
    "ranks the validation images; best encoder first. For choosing, not for claiming: "
    "the best of several looks better here than it is, and p is of each row alone",
    key=("encoder", "finding"),
    columns={
        "encoder": text("name of the encoder in the config"),
        "finding": text(
            'the thing to detect, or "macro": mean over the findings with a value'
        ),
        "n_train_patients": whole("with a known target, who taught the probe"),
        "n_validation_patients": whole("with a known target, who are resampled"),
        "auroc": number("on the validation split; NaN where a class is absent"),
        "low": number("lower end of the 95 % interval, validation patients resampled"),
        "high": number("upper end of the 95 % interval"),
        "baseline": text("the encoder it is compared with"),
        "difference": number("encoder minus baseline; NaN for the baseline itself"),
        "difference_low": number("lower end of its 95 % interval, patients paired"),
        "difference_high": number("upper end of its 95 % interval"),
        "p": number("two-sided, of no difference; paired bootstrap, not adjusted"),
    },
)

APPLIED = Table(
    name="predictions of new images",
    meaning="what an exported classifier says of every accepted image of a new folder",
    key=("image_id", "finding"),
    columns={
        "image_id": IMAGE_ID,
        "patient_id": PATIENT_ID,
        "file_id": FILE_ID,
        "finding": FINDING,
        "score": number(
            "chance by the classifier, for ranking; of a level, that of it or more",
            required=True,
        ),
        "most_likely": whole(
            "1 for the class with the highest score of its image, else 0; missing "
            "where findings do not exclude each other",
            required=False,
        ),
        "calibrated": number(
            "chance of the finding were it as frequent as in validation; NaN where "
            "validation could not tell"
        ),
        "above_youden": whole(
            "1 from the threshold with the largest sensitivity + specificity on "
            "validation, else 0",
            required=False,
        ),
        "above_sensitive": whole(
            "1 from the highest threshold with the asked sensitivity on validation, "
            "else 0",
            required=False,
        ),
    },
)
