"""What does not fit together in one task: its kind, its findings, and its choices."""

from workflow_scripts.plan.settings import Settings

SEVERAL = {
    "multiclass": "just one of at least three classes; of two ask for one (multilabel)",
    "ordinal": "at least three levels, in rising order; of two ask for the higher one "
    "(multilabel)",
}


def misfits(place: str, task: Settings) -> list[str]:
    """List what does not fit in `task`, which stands at `place`."""
    kind, findings, found = task["kind"], task["findings"], []
    if kind in SEVERAL and len(findings) < 3:
        found.append(f"{place}.findings: {kind} is {SEVERAL[kind]}")
    if task["uncertain"] == "soft" and kind != "multilabel":
        found.append(
            f"{place}.uncertain: soft is a chance of one half for a yes or no by "
            f"itself (multilabel); {kind} takes ignore, positive or negative"
        )
    if task["positive_weights"] and kind == "segmentation":
        found.append(
            f"{place}.positive_weights: are for findings that are there or not; Dice "
            "is even between what is drawn and what is not as it is"
        )
    return found
