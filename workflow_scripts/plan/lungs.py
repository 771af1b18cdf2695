"""How lungs are found, and on whose drawn lungs the finder is taught."""

from pathlib import Path

from workflow_scripts.plan import adapters, names
from workflow_scripts.plan.families import members, unknown
from workflow_scripts.plan.settings import Settings

NETWORK = "results/prepare/lung_finder/network.safetensors"


def drawn(config: Settings) -> list[str]:
    """List the datasets in which somebody drew lungs."""
    known = config["datasets"]
    return [name for name in known if adapters.mask_place(known[name]) is not None]


def taught_by(config: Settings) -> list[str]:
    """List the datasets whose drawn lungs teach the network.

    Not those of an external hospital: it is only tested on, and to add one must not
    make every picture's lungs stale.
    """
    asked = config["prepare"]["lungs"]["data"]
    if asked is not None:
        return list(asked)
    return [name for name in drawn(config) if names.role(config, name) != "external"]


def finder(config: Settings) -> str:
    """Return the name of the finder: a network where one can be had, else a threshold.

    One finder serves all pictures: a crop that told drawn lungs from found ones would
    tell the classifier which pictures somebody drew.
    """
    lungs = config["prepare"]["lungs"]
    if lungs["finder"]:
        return str(lungs["finder"])
    return "network" if lungs["weights"] or taught_by(config) else "threshold"


def weights(config: Settings) -> list[str]:
    """List the file of the finder's weights: none or one."""
    lungs = config["prepare"]["lungs"]
    if finder(config) != "network":
        return []
    return [str(Path(lungs["weights"]).expanduser()) if lungs["weights"] else NETWORK]


def taught_here(config: Settings) -> list[str]:
    """List the datasets that taught the finder in this run; none if it was brought."""
    return taught_by(config) if weights(config) == [NETWORK] else []


def misfits(config: Settings) -> list[str]:
    """List what does not fit together in the finding of lungs."""
    place, lungs = "prepare.lungs", config["prepare"]["lungs"]
    found = unknown(f"{place}.finder", finder(config), members("finder"))
    for name in lungs["data"] or ():
        found += unknown(f"{place}.data", name, drawn(config))
        if names.role(config, name) == "external":
            found.append(f"{place}.data: {name!r} is an external test set")
    if lungs["validation_share"] + lungs["test_share"] >= 1:
        found.append(f"{place}: validation_share and test_share leave none to teach")
    own = lungs["weights"]
    if own and not Path(own).expanduser().is_file():
        found.append(f"{place}.weights: no file {own!r}")
    if own and finder(config) != "network":
        found.append(f"{place}.weights: {finder(config)} has none")
    if finder(config) != "threshold" and not own and not taught_by(config):
        found.append(
            f"{place}.finder: {finder(config)!r} needs lung_masks, and no dataset but "
            "external ones has any; leave it out to find lungs by threshold"
        )
    return found
