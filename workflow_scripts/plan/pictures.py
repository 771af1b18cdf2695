"""What a task that asks for pictures needs, and what does not go with it."""

from workflow_scripts.plan import adapters, names
from workflow_scripts.plan.families import members, states
from workflow_scripts.plan.settings import Settings


def misfits(config: Settings) -> list[str]:
    """List what does not fit together where a task asks for pictures."""
    found: list[str] = []
    for name, task in config["tasks"].items():
        if names.asks_pictures(task):
            found += _task_misfits(config, name, task)
            found += _crop_misfits(config, name)
            found += _judge_misfits(config, name)
    return found


def _task_misfits(config: Settings, name: str, task: Settings) -> list[str]:
    place, found = f"tasks.{name}", []
    if len(task["findings"]) != 1:
        found.append(
            f"{place}.findings: a segmentation has one, the name of what is drawn, "
            "such as [lungs]"
        )
    for dataset in names.datasets_of(task, "test"):
        known = config["datasets"].get(dataset)
        if known and adapters.mask_place(known) is None:
            found.append(
                f"{place}: datasets.{dataset} has no lung_masks, which a segmentation "
                "learns from and is tested on"
            )
    if not names.protocols_of(config, task):
        can = [p for p in members("protocol") if states("protocol", p, "PIXELS")]
        found.append(
            f"{place}: no protocol of sweep.protocols can answer with pictures; add "
            f"one of {', '.join(can)}"
        )
    return found


def _crop_misfits(config: Settings, name: str) -> list[str]:
    """List what would show in the image what is to be drawn in it."""
    crop = config["prepare"]["crop"]
    if crop == "none":
        return []
    return [
        f"prepare.crop: {crop} follows lungs, and so shows what tasks.{name} is to "
        "find; take none, for whole pictures"
    ]


def _judge_misfits(config: Settings, name: str) -> list[str]:
    """List what takes a task for one of yes or no."""
    places = [
        f"encoders.{encoder}.watch"
        for encoder, choice in config["encoders"].items()
        if choice.get("watch") == name
    ]
    curriculum = config["curriculum"]
    if curriculum and curriculum["task"] == name:
        places.append("curriculum.task")
    return [
        f"{place}: tasks.{name} is a segmentation; take a task whose findings are "
        "there or not"
        for place in places
    ]
