"""Check the encoders of the config: starts, chains, methods and their options."""

from workflow_scripts.plan import adapters, networks
from workflow_scripts.plan.families import members, options_of, says, unknown
from workflow_scripts.plan.settings import Settings


def misfits(config: Settings) -> list[str]:
    """List what does not fit together in the encoders of `config`."""
    found: list[str] = []
    encoders = config["encoders"]
    for name, encoder in encoders.items():
        place = f"encoders.{name}"
        if "backbone" in encoder:
            found += networks.begun_misfits(place, encoder)
            continue
        found += unknown(f"{place}.from", encoder["from"], sorted(encoders))
        found += unknown(f"{place}.method", encoder["method"], members("method"))
        found += unknown(
            f"{place}.augmentation", encoder["augmentation"], members("augmentation")
        )
        found += _option_misfits(place, encoder)
        found += _pool_misfits(place, encoder)
        found += _loop_misfits(place, config, encoder)
        found += networks.method_misfits(place, config, encoder)
        found += _finding_misfits(place, config, encoder)
        for dataset in encoder["data"]:
            found += unknown(f"{place}.data", dataset, sorted(config["datasets"]))
            for task, choice in config["tasks"].items():
                if dataset in choice["external"]:
                    found.append(
                        f"{place}.data: {dataset!r} is an external test set of "
                        f"tasks.{task}; it may not be pretrained on"
                    )
        seen = [name]
        while "from" in encoders.get(seen[-1], {}):
            seen.append(encoders[seen[-1]]["from"])
            if seen[-1] in seen[:-1]:
                circle = " <- ".join(seen)
                found.append(f"{place}.from: goes round in a circle: {circle}")
                break
    return found


def _option_misfits(place: str, encoder: Settings) -> list[str]:
    """List options that the method does not have, read from its source."""
    if encoder["method"] not in members("method"):
        return []
    known = options_of("method", encoder["method"])
    return [
        line
        for option in encoder["options"]
        for line in unknown(f"{place}.options", option, known)
    ]


def _pool_misfits(place: str, encoder: Settings) -> list[str]:
    """List what would leave nothing of the pool, or nothing to pair."""
    found = []
    patients, sampling = encoder["patients"], encoder["sampling"]
    if isinstance(patients, str) and not float(patients.rstrip("%")):
        found.append(f"{place}.patients: {patients!r} is nobody; ask for more than 0%")
    for dataset in sampling:
        found += unknown(f"{place}.sampling", dataset, encoder["data"])
    if sampling and (unnamed := sorted(set(encoder["data"]) - set(sampling))):
        found.append(
            f"{place}.sampling: name all of data; {', '.join(unnamed)} is missing "
            "(0: none of its images is met)"
        )
    if sampling and not any(sampling.values()):
        found.append(f"{place}.sampling: all are 0, so no image would be met")
    return found


def _loop_misfits(place: str, config: Settings, encoder: Settings) -> list[str]:
    """List what the training loop could not do."""
    found = []
    processes, batch_size = encoder["processes"], encoder["batch_size"]
    at_once = encoder["images_at_once"]
    if encoder["watch"] is not None:
        found += unknown(f"{place}.watch", encoder["watch"], sorted(config["tasks"]))
    if processes > 1 and at_once == "auto":
        found.append(f"{place}.images_at_once: auto is for one process; give a number")
    if batch_size % processes:
        found.append(
            f"{place}.batch_size: {batch_size} images cannot be shared equally by "
            f"{processes} processes"
        )
    elif isinstance(at_once, int) and batch_size // processes % at_once:
        found.append(
            f"{place}.images_at_once: {at_once} do not divide the "
            f"{batch_size // processes} images of a process"
        )
    if encoder["optimiser"] == "lars" and not encoder["weight_decay"]:
        found.append(f"{place}.weight_decay: LARS adapts only to weights that decay")
    return found


def _finding_misfits(place: str, config: Settings, encoder: Settings) -> list[str]:
    """List what a method would lack that learns labels, or pairs images by patient."""
    method, findings = encoder["method"], encoder["findings"]
    known = config["datasets"]
    datasets = {name: known[name] for name in encoder["data"] if name in known}
    if method not in members("method"):
        return []
    nobody = {one["patients"] for one in datasets.values()} == {"unknown"}
    if says(method, "partners") and nobody:
        return [f"{place}.data: {method} pairs images by patient; all are unknown"]
    if says(method, "taught") != bool(findings):
        learns = "learns labels; name some" if not findings else "learns none; name no"
        return [f"{place}.findings: {method} {learns} findings"]
    found = []
    if findings and encoder["transductive"]:
        found.append(f"{place}.transductive: labels of held-out images may not be seen")
    told = {name for one in datasets.values() for name in adapters.findings(one)}
    if findings and not told:
        return [*found, f"{place}.findings: {', '.join(datasets)}: no labels"]
    for finding in findings:
        found += unknown(f"{place}.findings", finding, sorted(told))
    return found
