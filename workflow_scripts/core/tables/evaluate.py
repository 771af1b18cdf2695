"""Tables that evaluation writes, under `results/evaluate/{task}/`."""

from workflow_scripts.core.tables import Table, number, text, whole
from workflow_scripts.core.tables.prepare import BUDGET, DATASET

ENCODER = text("name of the encoder in the config")
PROTOCOL = text("how the classifier was trained")
FINDING = text('the thing to detect, or "macro": mean over the findings with a value')
METRIC = text("auroc or average_precision; of a segmentation dice")
LOW = number("lower end of the 95 % interval (resampled patients; draws too for all)")
HIGH = number("upper end of the 95 % interval")
N_LABELS = whole(
    "labelled images used for training, and for choosing if these are counted "
    "(sweep.count_validation); mean over draws"
)

METRICS = Table(
    name="metrics",
    meaning="how well every classifier ranks the test images, or segments them",
    key=("encoder", "protocol", "budget", "draw", "dataset", "finding", "metric"),
    columns={
        "encoder": ENCODER,
        "protocol": PROTOCOL,
        "budget": BUDGET,
        "n_labels": N_LABELS,
        "n_choosing": whole(
            "labelled images of the validation split that chose the settings, counted "
            "or not; mean over draws. 0: chosen by folds of the training patients"
        ),
        "n_tried": whole(
            "settings that were tried for the classifier, of each finding where each "
            "has its own; sum over draws"
        ),
        "n_steps": whole(
            "steps that the optimiser took in trying them; sum over draws. 0: solved "
            "without"
        ),
        "draw": text('number of the draw, or "all": mean over draws'),
        "dataset": DATASET,
        "finding": FINDING,
        "metric": METRIC,
        "value": number("NaN where a class is absent"),
        "low": LOW,
        "high": HIGH,
        "n_patients": whole("test patients with a known target"),
        "n_positive": whole("test images with the finding; macro: with any of them"),
        "n_negative": whole("test images without it; macro: with none of them"),
    },
)

COMPARISONS = Table(
    name="comparisons",
    meaning="each encoder against the baseline, on the same patients and draws",
    key=("encoder", "baseline", "protocol", "budget", "dataset", "finding", "metric"),
    columns={
        "encoder": ENCODER,
        "baseline": text("the encoder it is compared with"),
        "protocol": PROTOCOL,
        "budget": BUDGET,
        "n_labels": N_LABELS,
        "dataset": DATASET,
        "finding": FINDING,
        "metric": METRIC,
        "difference": number("encoder minus baseline"),
        "low": LOW,
        "high": HIGH,
        "p": number("two-sided, of no difference"),
        "p_adjusted": number(
            "Holm's, within one metric on one dataset: macro rows are the primary "
            "family (all encoders, protocols, budgets), single findings a second one"
        ),
        "test": text("how p was found"),
    },
)

EFFICIENCY = Table(
    name="efficiency",
    meaning="labels that each encoder needs to reach a score",
    key=("encoder", "protocol", "dataset", "finding", "metric", "target", "reached_by"),
    columns={
        "encoder": ENCODER,
        "protocol": PROTOCOL,
        "dataset": DATASET,
        "finding": FINDING,
        "metric": METRIC,
        "target": number("the score to reach", required=True),
        "reached_by": text("whose score it is, and at which budget; or a round number"),
        "reach": text(
            "within the sweep; at most, since the fewest labels tried already suffice; "
            "beyond the most labels tried",
            "within",
            "at_most",
            "beyond",
        ),
        "n_labels": number("labelled images needed; NaN: not reached in this sweep"),
        "low": number("lower end of the interval of n_labels; inf: never reached"),
        "high": number("upper end of the interval; inf: beyond this sweep"),
        "baseline_n_labels": number("labelled images the baseline needs for it"),
        "equivalent": number("baseline_n_labels / n_labels; above 1 saves labels"),
        "equivalent_low": number("lower end of its interval"),
        "equivalent_high": number("upper end of its interval; inf: open"),
    },
)

SHORTCUTS = Table(
    name="shortcuts",
    meaning="how far trivial models get that see what should not tell",
    key=("shortcut", "split", "dataset", "finding"),
    columns={
        "shortcut": text("what the model sees"),
        "split": text(
            "development: each patient scored by a model that others taught",
            "development",
            "test",
        ),
        "dataset": DATASET,
        "finding": FINDING,
        "auroc": number("NaN where a class is absent"),
        "low": number("lower end of the 95 % interval, patients resampled"),
        "high": number("upper end of the 95 % interval"),
        "n_images": whole("with a known target"),
        "n_patients": whole("with a known target"),
    },
)
