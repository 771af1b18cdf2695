"""What decides each rule's result besides its files: one function for each rule.

Each takes the checked config and the wildcards, and returns the modules behind the
step and the choices that its `Recipe` wants. What is not returned here cannot change
the result, and what is returned here re-runs the rule when it changes.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workflow_scripts.plan import archive
from workflow_scripts.plan.settings import Settings, simulated

Wildcards = dict[str, str]
STEPS = "workflow_scripts"


@dataclass(frozen=True, kw_only=True)
class Decided:
    """The choices of one job, and modules loaded by name besides the step's own."""

    choices: dict[str, Any] = field(default_factory=dict)
    loaded: tuple[str, ...] = ()


def simulate_cohort(config: Settings, wildcards: Wildcards) -> Decided:
    """One cohort of phantoms."""
    cohort = config["simulate"][wildcards["dataset"]]
    return Decided(choices={**cohort, "seed": config["seed"]})


def _key_file(config: Settings, dataset: Settings) -> str:
    """Phantoms need no secret, and without one their numbers are the same anywhere."""
    return "" if simulated(config, dataset) else config["ingest"]["key_file"]


def ingest_find(config: Settings, wildcards: Wildcards) -> Decided:
    """The state of the folder stands in for its files, which are not declared."""
    dataset = config["datasets"][wildcards["dataset"]]
    outside = not simulated(config, dataset)
    state = archive.state(Path(dataset["root"])) if outside else "simulated"
    return Decided(choices={"key_file": _key_file(config, dataset), "state": state})


def ingest_decode(config: Settings, wildcards: Wildcards) -> Decided:
    """How pixels and headers are read."""
    dataset = config["datasets"][wildcards["dataset"]]
    ingest = config["ingest"]
    choices = {
        "key_file": _key_file(config, dataset),
        "site": dataset["site"] or wildcards["dataset"],
        "shards": ingest["shards"],
        "long_side_px": ingest["long_side_px"],
        "views": ingest["views"],
    }
    return Decided(choices=choices)


def ingest_gather(config: Settings, wildcards: Wildcards) -> Decided:
    """How the label table is understood."""
    dataset = config["datasets"][wildcards["dataset"]]
    choices = {
        "adapter": dataset["adapter"],
        "key_file": _key_file(config, dataset),
        "site": dataset["site"] or wildcards["dataset"],
        "patients": dataset["patients"],
        "labels": dataset["labels"],
        "views": config["ingest"]["views"],
    }
    return Decided(
        choices=choices, loaded=(f"{STEPS}.ingest.datasets.{dataset['adapter']}",)
    )


def _role(config: Settings, dataset: str) -> str:
    tasks = config["tasks"].values()
    if any(dataset == task["data"] for task in tasks):
        return "labelled"
    if any(dataset in task["external"] for task in tasks):
        return "external"
    return "unlabelled"


def prepare_splits(config: Settings, wildcards: Wildcards) -> Decided:
    """How patients are divided."""
    prepare = config["prepare"]
    choices = {
        "role": _role(config, wildcards["dataset"]),
        "validation_share": prepare["validation_share"],
        "test_share": prepare["test_share"],
        "seed": config["seed"],
    }
    return Decided(choices=choices)


def prepare_store(config: Settings, wildcards: Wildcards) -> Decided:
    """What is kept of a picture, and at which size."""
    prepare = config["prepare"]
    return Decided(choices={key: prepare[key] for key in ("size_px", "crop", "margin")})


def prepare_targets(config: Settings, wildcards: Wildcards) -> Decided:
    """What the task asks, and what uncertain means."""
    task = config["tasks"][wildcards["task"]]
    choices = {
        "datasets": [task["data"], *task["external"]],
        "findings": task["findings"],
        "uncertain": task["uncertain"],
    }
    return Decided(choices=choices)


def prepare_draw(config: Settings, wildcards: Wildcards) -> Decided:
    """Which patients' labels may be used."""
    return Decided(choices={"draws": config["sweep"]["draws"], "seed": config["seed"]})


def prepare_draws(config: Settings, wildcards: Wildcards) -> Decided:
    """Nothing to choose."""
    return Decided()


def prepare_pool(config: Settings, wildcards: Wildcards) -> Decided:
    """Which datasets the encoder is pretrained on, and who must not be among them."""
    datasets = config["encoders"][wildcards["encoder"]]["data"]
    return Decided(
        choices={"datasets": datasets, "walls": neighbours(config, datasets)}
    )


def neighbours(config: Settings, datasets: list[str]) -> list[str]:
    """List the tested datasets of the sites that `datasets` come from.

    A patient of one hospital may lie in several of its datasets.
    """
    known = config["datasets"]
    sites = {known[name]["site"] or name for name in datasets}
    return [
        name
        for name, dataset in known.items()
        if (dataset["site"] or name) in sites and _role(config, name) != "unlabelled"
    ]


def prepare_leakage(config: Settings, wildcards: Wildcards) -> Decided:
    """The names that go with the files, in their order."""
    choices = {
        "datasets": list(config["datasets"]),
        "encoders": trained(config),
        "size_px": config["prepare"]["size_px"],
    }
    return Decided(choices=choices)


def prepare_ready(config: Settings, wildcards: Wildcards) -> Decided:
    """Nothing to choose."""
    return Decided()


def trained(config: Settings) -> list[str]:
    """List the encoders that are pretrained here."""
    return [name for name, encoder in config["encoders"].items() if "from" in encoder]


def begun(config: Settings) -> list[str]:
    """List the encoders that are taken as they are."""
    return [name for name in config["encoders"] if name not in trained(config)]


def pretrain_begin(config: Settings, wildcards: Wildcards) -> Decided:
    """Which network, with which weights."""
    encoder = config["encoders"][wildcards["encoder"]]
    choices = {
        "backbone": encoder["backbone"],
        "weights": encoder["weights"].partition(":")[0]
        if encoder["weights"].startswith("file:")
        else encoder["weights"],
        "size_px": config["prepare"]["size_px"],
        "seed": config["seed"],
    }
    return Decided(choices=choices)


def pretrain_fit(config: Settings, wildcards: Wildcards) -> Decided:
    """How the encoder is trained."""
    encoder = config["encoders"][wildcards["encoder"]]
    choices = {
        "datasets": encoder["data"],
        "size_px": config["prepare"]["size_px"],
        "seed": config["seed"],
        **{key: encoder[key] for key in encoder if key not in {"from", "data"}},
    }
    loaded = (
        f"{STEPS}.pretrain.methods.{encoder['method']}",
        f"{STEPS}.pretrain.augmentations.{encoder['augmentation']}",
    )
    return Decided(choices=choices, loaded=loaded)


def finetune_features(config: Settings, wildcards: Wildcards) -> Decided:
    """The names that go with the stores, in their order."""
    task = config["tasks"][wildcards["task"]]
    choices = {
        "datasets": [task["data"], *task["external"]],
        "size_px": config["prepare"]["size_px"],
    }
    return Decided(choices=choices)


def finetune_fit(config: Settings, wildcards: Wildcards) -> Decided:
    """How classifiers are trained; draws are in the draws' file."""
    protocol = wildcards["protocol"]
    choices = {
        "protocol": protocol,
        "findings": config["tasks"][wildcards["task"]]["findings"],
        "options": config["finetune"].get(protocol, {}),
        "size_px": config["prepare"]["size_px"],
        "seed": config["seed"],
    }
    return Decided(choices=choices, loaded=(f"{STEPS}.finetune.protocols.{protocol}",))


def finetune_predict(config: Settings, wildcards: Wildcards) -> Decided:
    """The names that go with the files, in their order."""
    task = config["tasks"][wildcards["task"]]
    choices = {
        "protocol": wildcards["protocol"],
        "budgets": budgets(config),
        "findings": task["findings"],
        "datasets": [task["data"], *task["external"]],
        "size_px": config["prepare"]["size_px"],
    }
    module = f"{STEPS}.finetune.protocols.{wildcards['protocol']}"
    return Decided(choices=choices, loaded=(module,))


def budgets(config: Settings) -> list[str]:
    """List the label budgets as they stand in file names: `1%` is `1pct`."""
    return [str(budget).replace("%", "pct") for budget in config["sweep"]["labels"]]


def arms(config: Settings) -> list[tuple[str, str]]:
    """List every encoder with every protocol, in the order of the files."""
    sweep = config["sweep"]
    return [(e, p) for e in sweep["encoders"] for p in sweep["protocols"]]


def evaluate_metrics(config: Settings, wildcards: Wildcards) -> Decided:
    """The names that go with the predictions, in their order; the resampling."""
    choices = {
        "arms": [list(arm) for arm in arms(config)],
        "bootstrap": config["evaluate"]["bootstrap"],
        "seed": config["seed"],
        "statistics": ["auroc", "average_precision"],
    }
    loaded = tuple(
        f"{STEPS}.evaluate.statistics.{name}" for name in choices["statistics"]
    )
    return Decided(choices=choices, loaded=loaded)


def evaluate_comparisons(config: Settings, wildcards: Wildcards) -> Decided:
    """Who is compared with whom."""
    return Decided(choices={"baseline": config["evaluate"]["baseline"]})


def evaluate_efficiency(config: Settings, wildcards: Wildcards) -> Decided:
    """Whose labels are saved."""
    return Decided(choices={"baseline": config["evaluate"]["baseline"]})


def report_page(config: Settings, wildcards: Wildcards) -> Decided:
    """The names that go with the files, and the config as the page shows it."""
    choices = {
        "title": config["report"]["title"],
        "example_images": config["report"]["example_images"],
        "datasets": list(config["datasets"]),
        "encoders": list(config["encoders"]),
        "tasks": list(config["tasks"]),
        "size_px": config["prepare"]["size_px"],
        "phantom": [n for n, d in config["datasets"].items() if simulated(config, d)],
        "config": config,
    }
    return Decided(choices=choices)
