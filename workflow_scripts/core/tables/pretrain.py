"""Tables that pretraining writes, under `results/encoders/{encoder}/`."""

from workflow_scripts.core.tables import Table, number, whole

TRAINING = Table(
    name="training",
    meaning="how one encoder's training went; no rows for one that is not trained",
    key=("epoch",),
    columns={
        "epoch": whole("number of the epoch, from 1"),
        "loss": number("mean over the epoch's steps", required=True),
        "learning_rate": number("at the end of the epoch", required=True),
        "images_per_second": number("source images", required=True),
        "feature_std": number("mean over features of their deviation over images"),
        "effective_rank": number("RankMe of the features, 1 to their number"),
        "seconds": number("wall time of the epoch", required=True),
    },
)
