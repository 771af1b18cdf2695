"""Names that follow from the config: arms, budgets, roles, neighbours."""

from workflow_scripts.core.tables.prepare import file_name_of
from workflow_scripts.plan import adapters, families
from workflow_scripts.plan.settings import Settings


def asks_pictures(task: Settings) -> bool:
    """Say whether the answer to a task is a picture."""
    return bool(task["kind"] == "segmentation")


def arms(config: Settings, task: str) -> list[tuple[str, str]]:
    """List every encoder with every protocol of a task, in the order of the files."""
    asked = protocols_of(config, config["tasks"][task])
    return [(e, p) for e in config["sweep"]["encoders"] for p in asked]


def protocols_of(config: Settings, task: Settings) -> list[str]:
    """List the protocols of a task: where it asks for pictures, those that can."""
    known: list[str] = config["sweep"]["protocols"]
    if not asks_pictures(task):
        return known
    can = families.members("protocol")
    return [p for p in known if p in can and families.states("protocol", p, "PIXELS")]


def statistics(config: Settings, task: str) -> list[str]:
    """List what the scores of a task are measured by, the one that leads first."""
    drawn = asks_pictures(config["tasks"][task])
    return ["dice"] if drawn else ["auroc", "average_precision"]


def datasets_of(task: Settings, part: str) -> list[str]:
    """List the datasets of one part of a task: only a test has external ones."""
    return [task["data"], *(task["external"] if part == "test" else [])]


def answered(task: Settings) -> list[str]:
    """List the findings that an image gets an answer for: of levels, not the lowest.

    Every image is at least at the lowest level of an ordinal task.
    """
    findings: list[str] = task["findings"]
    return findings[1:] if task["kind"] == "ordinal" else findings


def budgets(config: Settings) -> list[str]:
    """List the label budgets as they stand in file names: `1%` is `1pct`."""
    return [file_name_of(str(budget)) for budget in config["sweep"]["labels"]]


def protocols(config: Settings, *, together: bool) -> list[str]:
    """List the protocols that solve many problems `together`, or those that do not."""
    return [
        name
        for name in config["sweep"]["protocols"]
        if families.has("protocol", name, "fit_each") == together
    ]


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
