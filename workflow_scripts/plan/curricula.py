"""Curricula: which single arms are put in order, and the names of their chains."""

import re
from typing import Any

from snakemake.exceptions import WorkflowError

from workflow_scripts.plan.families import unknown
from workflow_scripts.plan.settings import Settings

FRAGMENT = "results/curriculum/encoders.yaml"
CHAIN = re.compile(r"(easy_to_hard|hard_to_easy|shuffled)_\d+")  # finetune.curriculum's


def stages(config: Settings) -> list[str]:
    """List the single arms to be put in order; none without a curriculum."""
    asked = config["curriculum"]
    return list(asked["stages"]) if asked else []


def ranked(config: Settings) -> list[str]:
    """List the encoders that are ranked on validation, the baseline first."""
    asked = config["curriculum"] or {}
    others = asked.get("encoders") or config["sweep"]["encoders"]
    every = [config["evaluate"]["baseline"], *stages(config), *others]
    return list(dict.fromkeys(every))


def ranking(config: Settings) -> Any:  # noqa: ANN401 (an input function)
    """Return an input function: the ranking behind the order of the stages."""

    def of_task(wildcards: Any) -> str:  # noqa: ANN401 (Snakemake's Wildcards)
        if not config["curriculum"]:
            raise WorkflowError(
                f"config: curriculum: missing; {FRAGMENT} needs its stages and task"
            )
        return f"results/finetune/{config['curriculum']['task']}/ranking.parquet"

    return of_task


def training(config: Settings, encoder: str) -> Settings:
    """Return how `encoder` is trained, but what it starts from."""
    known = config["encoders"][encoder]
    return {key: value for key, value in known.items() if key != "from"}


def misfits(config: Settings) -> list[str]:
    """List what does not fit together in the curriculum of `config`."""
    asked, encoders = config["curriculum"], config["encoders"]
    if not asked:
        return []
    found = unknown("curriculum.task", asked["task"], sorted(config["tasks"]))
    for encoder in asked["encoders"] or []:
        found += unknown("curriculum.encoders", encoder, sorted(encoders))
    trained = sorted(
        name for name in encoders if "from" in encoders[name] and not _of_chain(name)
    )
    odd = [
        line
        for stage in asked["stages"]
        for line in unknown("curriculum.stages", stage, trained)
    ]
    return found + (odd or _stage_misfits(config) + _stale_chains(config))


def _of_chain(encoder: str) -> bool:
    return CHAIN.fullmatch(encoder) is not None


def _stage_misfits(config: Settings) -> list[str]:
    """Complain if one stage could not stand where another stands."""
    starts = {stage: config["encoders"][stage]["from"] for stage in stages(config)}
    if len(set(starts.values())) == 1:
        return []
    told = ", ".join(f"{stage} from {start}" for stage, start in starts.items())
    return [
        "curriculum.stages: each must be able to come first, so all must start from "
        f"the same encoder; here {told}"
    ]


def _stale_chains(config: Settings) -> list[str]:
    """Complain of chains made before a stage was changed, and of a user's own names."""
    known = [training(config, stage) for stage in stages(config)]
    return [
        f"encoders.{name}: is trained as no stage of `curriculum` is; make {FRAGMENT} "
        "again without giving it as a config, or name your own encoder otherwise"
        for name in config["encoders"]
        if _of_chain(name) and training(config, name) not in known
    ]
