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
        "weight_decay": number("at the end of the epoch", required=True),
        "gradient_norm": number("of all gradients, before a cut; mean over steps"),
        "images_per_second": number("source images of all processes", required=True),
        "waiting_share": number("of the epoch's time, spent waiting for images"),
        "feature_std": number(
            "mean over features of their deviation over images; like the next four, "
            "missing of epochs that were not watched"
        ),
        "effective_rank": number("RankMe of the features, 1 to their number"),
        "centred_rank": number("RankMe of the features less their mean"),
        "projection_std": number("as feature_std, of what a loss of views compares"),
        "knn_auroc": number("macro AUROC by neighbours; missing if not asked"),
        "energy_wh": number("of GPU and processor packages; missing if unreadable"),
        "seconds": number("wall time of the epoch", required=True),
    },
)
