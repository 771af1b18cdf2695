"""Names that follow from the config: arms, budgets, roles, neighbours."""

from workflow_scripts.plan import adapters
from workflow_scripts.plan.settings import Settings


def arms(config: Settings) -> list[tuple[str, str]]:
    """List every encoder with every protocol, in the order of the files."""
    sweep = config["sweep"]
    return [(e, p) for e in sweep["encoders"] for p in sweep["protocols"]]


def datasets_of(task: Settings, part: str) -> list[str]:
    """List the datasets of one part of a task: only a test has external ones."""
    return [task["data"], *(task["external"] if part == "test" else [])]


def budgets(config: Settings) -> list[str]:
    """List the label budgets as they stand in file names: `1%` is `1pct`."""
    return [str(budget).replace("%", "pct") for budget in config["sweep"]["labels"]]


def begun(config: Settings) -> list[str]:
    """List the encoders that are taken as they are."""
    return [name for name in config["encoders"] if name not in trained(config)]


def fetched(config: Settings) -> list[str]:
    """List the encoders that begin with weights at an address."""
    return [
        name
        for name in begun(config)
        if config["encoders"][name]["weights"].startswith("https:")
    ]


def trained(config: Settings) -> list[str]:
    """List the encoders that are pretrained here."""
    return [name for name, encoder in config["encoders"].items() if "from" in encoder]


def role(config: Settings, dataset: str) -> str:
    """Say what a dataset is to the tasks: labelled, external or unlabelled."""
    tasks = config["tasks"].values()
    if any(dataset == task["data"] for task in tasks):
        return "labelled"
    if any(dataset in task["external"] for task in tasks):
        return "external"
    return "unlabelled"


def neighbours(config: Settings, datasets: list[str]) -> list[str]:
    """List the tested datasets of the sites that `datasets` come from.

    A patient of one hospital may lie in several of its datasets.
    """
    known = config["datasets"]
    sites = {adapters.site(name, known[name]) for name in datasets}
    return [
        name
        for name, dataset in known.items()
        if adapters.site(name, dataset) in sites and role(config, name) != "unlabelled"
    ]
