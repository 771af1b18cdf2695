"""Whose labels chose the settings, and whether they are counted."""

from workflow_scripts.core.tables.prepare import PER_CLASS
from workflow_scripts.report.material import Material, Task, rows_where
from workflow_scripts.report.words import budget_words, count, listed

NO_LABEL = "folds among the labelled patients, without any validation label"


def sentence(material: Material, task: Task) -> str:
    """Say for one task what chose the settings, and what is counted."""
    own = rows_where(task.metrics, dataset=task.data)
    single = own[own["draw"] != "all"]
    folded = list(single[single["n_choosing"] == 0]["budget"].unique())
    n_images = single["n_choosing"].max()
    validation = (
        f"{count(n_images)} validation images, whose labels are {_counted(material)}"
    )
    if not folded:
        return f"The settings were chosen on {validation}."
    if not n_images:
        return f"The settings were chosen by {NO_LABEL}."
    both = set(single[single["n_choosing"] > 0]["budget"]).intersection(folded)
    whose = listed([budget_words(budget) for budget in folded])
    some = " (only in the smaller draws, where draws differ in size)" if both else ""
    return (
        f"With the labels of {whose} the settings were chosen by {NO_LABEL}{some}; "
        f"else on {validation}."
    )


def _counted(material: Material) -> str:
    if material.config["sweep"]["count_validation"]:
        return "counted among those used"
    return "not counted"


def methods(material: Material) -> str:
    """Say how labels are drawn and settings chosen, as the config asks for it."""
    sweep = material.config["sweep"]
    nested = "the smaller budgets inside the larger ones"
    if any(str(budget).endswith(PER_CLASS) for budget in sweep["labels"]):
        nested = (
            "smaller shares and counts inside the larger ones, and budgets per class "
            "(as many patients with each finding, and as many without) inside the "
            "larger ones of their kind"
        )
    told = (
        f"Labels are drawn by patient, {nested}, in {sweep['draws']} independent draws "
        "that are the same for every encoder. All settings and moments of training are "
        "chosen on validation patients; their labels come on top of the budgets, and "
        f"are {_counted(material)}. "
    )
    if below := sweep["cross_validate_below"]:
        told += (
            f"Draws of fewer than {count(below)} patients are the exception: their "
            f"settings are chosen by up to five {NO_LABEL}, each training is judged "
            "at its end, and the chosen setting is trained again on all of them. "
        )
    return told
