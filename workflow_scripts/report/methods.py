"""How it was done, and what it does not show."""

from workflow_scripts.report import choosing, cost
from workflow_scripts.report.blocks import Block, Section, Text
from workflow_scripts.report.material import Material
from workflow_scripts.report.words import count, listed, plain

FEW_PATIENTS = 60


def section(material: Material) -> Section:
    """Return the section on methods and limits."""
    done = _data(material), cost.sentence(material), _intervals(material)
    texts = [*done, *_limits(material)]
    blocks: list[Block] = [Text(text=text) for text in texts]
    heading = "How it was done, and its limits"
    return Section(anchor="methods", heading=heading, blocks=blocks)


def _data(material: Material) -> str:
    protocols = listed([plain(name) for name in material.protocols])
    return (
        "The patient is the unit everywhere: of splitting, of drawing labels and of "
        f"resampling. {choosing.methods(material)}The test patients are read once, at "
        f"the end. Protocols: {protocols}. “Macro” is the plain mean over findings "
        "that have both positive and negative test images."
    )


def _intervals(material: Material) -> str:
    resamples = count(material.config["evaluate"]["bootstrap"])
    text = (
        f"Intervals are 95% percentile intervals over {resamples} resamples of the "
        "test patients (all images of a patient together) and, for means over draws, "
        "of the draws too. The same resamples serve every encoder, so differences are "
        "paired. p is two-sided from the same resamples, adjusted by Holm's "
        "method within one metric on one dataset: mean over findings first (all "
        "encoders, protocols and budgets together), single findings as a second, "
        "exploratory family. "
    )
    draws = material.config["sweep"]["draws"]
    if draws == 1:
        return text + "There was one draw of labels: how much luck it had is unknown."
    return (
        text + f"{draws} draws tell only roughly how much the draw of labels matters."
    )


def _limits(material: Material) -> list[str]:
    limits = []
    for task in material.tasks:
        n_patients = task.metrics.groupby("dataset")["n_patients"].max()
        for name, number in n_patients[n_patients < FEW_PATIENTS].items():
            limits.append(
                f"{name} has only {count(number)} test patients: its intervals are too "
                "narrow and cover about 90% instead of 95%."
            )
    limits += _about_patients(material)
    for dataset in material.datasets:
        whole = dataset.counts[dataset.counts["found"] != dataset.counts["expected"]]
        for _, row in whole.dropna(subset="expected").iterrows():
            limits.append(
                f"{dataset.name}: {row['what']} are {count(row['found'])} of the "
                f"{count(row['expected'])} in the whole set."
            )
    limits.append(
        "Each encoder is one training with one seed: p and intervals speak of these "
        "weights, not of what another training would have given."
    )
    if material.phantoms:
        limits.append(
            f"{listed(material.phantoms)}: generated phantoms. They show that the "
            "chain works and say nothing about patients."
        )
    limits.append(
        "This is research: not a medical device, and not for decisions about a "
        "patient. Labels may be wrong, prevalences differ from your ward, and a good "
        "ranking is not yet a useful threshold."
    )
    return limits


def _about_patients(material: Material) -> list[str]:
    limits = [
        f"Nobody tells whose {count(dataset.without_patient)} of "
        f"{count(len(dataset.images))} images of {dataset.name} are: each counts as a "
        "patient of its own, so intervals may be far too narrow, and one person may "
        "stand on both sides of a split."
        for dataset in material.datasets
        if dataset.without_patient
    ]
    lone = [
        dataset.name
        for dataset in material.datasets
        if not dataset.without_patient and dataset.images["patient_id"].is_unique
    ]
    if lone:
        limits.append(
            f"In {listed(lone)} every image has a patient id of its own. If these ids "
            "are of images and not of people, intervals are too narrow, and one person "
            "may stand on both sides of a split."
        )
    return limits
