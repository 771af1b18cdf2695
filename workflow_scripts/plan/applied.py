"""New images to be scored: the folder that `--config predict=...` names.

It becomes one more dataset, of no task and no pool, that only the jobs on its own files
know of. The config of the study, and with it every recipe, stays as it was: to score
new images makes nothing stale.
"""

import copy
from pathlib import Path
from typing import Any

from snakemake.exceptions import WorkflowError

from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.prepare import file_name_of
from workflow_scripts.plan import lungs as finding
from workflow_scripts.plan import misfits, names, settings
from workflow_scripts.plan.families import members, states, unknown
from workflow_scripts.plan.files import Files
from workflow_scripts.plan.settings import Settings

EXAMPLE = "--config 'predict={input: FOLDER, encoder: ENCODER}'"


class Study(Files):
    """The input functions of a study, to which one folder may be added."""

    def __init__(self, config: Settings, asked: Settings | None) -> None:
        """Remember the checked `config`, and what is `asked` to be scored, if any.

        Raises:
            InputError: one line for every misfit.
        """
        super().__init__(joined(config, asked))
        self.study, self.asked = config, asked

    def datasets(self) -> list[str]:
        """List the datasets of the study alone."""
        return list(self.study["datasets"])

    def added(self) -> list[str]:
        """List the datasets that are to be scored: none or one."""
        return [self.asked["name"]] if self.asked else []

    def known_to(self, wildcards: dict[str, str]) -> Settings:
        """Return the config that a job may know of."""
        own = wildcards.get("dataset") in self.added()
        return self.config if own else self.study

    def predictions(self, wildcards: Any) -> str:  # noqa: ANN401 (Snakemake's Wildcards)
        """Return the table that is asked for.

        Raises:
            WorkflowError: if none is.
        """
        if not self.asked:
            raise WorkflowError(f"config: predict: missing; say {EXAMPLE}")
        arm = chosen(self.study, self.asked)
        return f"results/predict/{self.asked['name']}/{arm}/predictions.parquet"


def taken_out(config: Settings) -> Settings | None:
    """Take `predict` out of a filled `config` and return it; None where not asked."""
    asked: Settings | None = config.pop("predict", None)
    return asked


def chosen(config: Settings, asked: Settings) -> str:
    """Return the folder of the classifier: task, encoder, protocol and budget."""
    task, protocol = _arm(config, asked)
    budget = asked["budget"] or config["sweep"]["labels"][-1]
    return f"{task}/{asked['encoder']}/{protocol}/{file_name_of(str(budget))}"


def _arm(config: Settings, asked: Settings) -> tuple[str, str]:
    """Return the task and the protocol."""
    task = asked["task"] or next(iter(config["tasks"]))
    return task, asked["protocol"] or config["sweep"]["protocols"][0]


def joined(config: Settings, asked: Settings | None) -> Settings:
    """Return `config` with one more dataset: the folder that is to be scored.

    Raises:
        InputError: one line for every misfit.
    """
    if not asked:
        return config
    if found := _misfits(config, asked):
        raise InputError("\n".join(f"config: predict.{line}" for line in found))
    together = copy.deepcopy(config)
    together["datasets"][asked["name"]] = {"root": asked["input"]}
    settings.fill(together)
    misfits.refuse(together)
    return together


def _misfits(config: Settings, asked: Settings) -> list[str]:
    """List what does not fit the study."""
    tasks, sweep = config["tasks"], config["sweep"]
    found = unknown("encoder", asked["encoder"], sorted(config["encoders"]))
    choices = {
        "protocol": sweep["protocols"],
        "budget": [str(budget) for budget in sweep["labels"]],
        "task": sorted(tasks),
    }
    for key, known in choices.items():
        if asked[key] is not None:
            found += unknown(key, str(asked[key]), known)
    if asked["task"] is None and len(tasks) > 1:
        found.append(f"task: say which of {', '.join(sorted(tasks))}")
    if not Path(asked["input"]).is_dir():
        found.append(f"input: no folder {asked['input']!r}")
    taken = {*config["datasets"], *tasks, *config["simulate"]}
    if asked["name"] in taken:
        found.append(f"name: {asked['name']!r} is taken; choose another")
    return found or kept_here(config, *_arm(config, asked))


def kept_here(config: Settings, task: str, protocol: str) -> list[str]:
    """List why classifiers of a task and a protocol are not handed over, if they are.

    Args:
        config: of the study.
        task: its name.
        protocol: its name.
    """
    if names.asks_pictures(config["tasks"][task]):
        return [f"task: {task!r} asks for masks, which are not handed over yet"]
    known = members("protocol")
    if protocol in known and states("protocol", protocol, "KEEPS_IMAGES"):
        others = [p for p in known if not states("protocol", p, "KEEPS_IMAGES")]
        return [
            f"protocol: {protocol!r} holds features of the training patients' images, "
            f"so it is not handed over; take one of {', '.join(others)} that "
            "sweep.protocols holds"
        ]
    return []


def refuse_kept(config: Settings, task: str, protocol: str) -> None:
    """Refuse to export what is not handed over.

    Raises:
        WorkflowError: one line that says why.
    """
    if found := kept_here(config, task, protocol):
        raise WorkflowError(f"config: exports: {found[0]}")


def preprocessing(config: Settings) -> dict[str, Any]:
    """Return the settings that make an image of a file, but where things lie."""
    prepare, lungs = config["prepare"], config["prepare"]["lungs"]
    asked = ("size_px", "crop", "margin", "contrast", "clahe_clip")
    return {
        "ingest": {
            k: config["ingest"][k]
            for k in ("long_side_px", "exclude", "picture_checks")
        },
        "prepare": {key: prepare[key] for key in asked},
        "lungs": {
            "finder": finding.finder(config),
            "least_quality": lungs["least_quality"],
        },
    }
