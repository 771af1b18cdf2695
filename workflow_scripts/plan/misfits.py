"""Find what is of the right form in the config but does not fit together."""

import ast
import importlib.util
import re
from pathlib import Path

from workflow_scripts.core.errors import InputError
from workflow_scripts.plan import label_tables
from workflow_scripts.plan.settings import Settings, simulated

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "workflow_scripts"
FAMILIES = {
    "adapter": PACKAGE / "ingest" / "datasets",
    "method": PACKAGE / "pretrain" / "methods",
    "augmentation": PACKAGE / "pretrain" / "augmentations",
    "protocol": PACKAGE / "finetune" / "protocols",
}


def refuse(config: Settings) -> None:
    """Refuse a `config` whose parts do not fit together.

    Raises:
        InputError: one line for every misfit.
    """
    found = [
        *_dataset_misfits(config),
        *_encoder_misfits(config),
        *_task_misfits(config),
    ]
    if not found:  # counting patients needs sound datasets
        found = _sweep_misfits(config)
    if found:
        raise InputError("\n".join(f"config: {line}" for line in found))


def members(family: str) -> list[str]:
    """List the names of a family of files: adapters, methods, ..."""
    files = FAMILIES[family].glob("*.py")
    return sorted(file.stem for file in files if file.stem != "__init__")


def _unknown(place: str, given: str, known: list[str]) -> list[str]:
    if given in known:
        return []
    return [f"{place}: {given!r} is unknown; there are: {', '.join(known)}"]


def _dataset_misfits(config: Settings) -> list[str]:
    found: list[str] = []
    for name, dataset in config["datasets"].items():
        place = f"datasets.{name}"
        adapter = dataset["adapter"]
        found += _unknown(f"{place}.adapter", adapter, members("adapter"))
        if simulated(config, dataset):
            continue
        root = Path(dataset["root"])
        if not root.is_dir():
            found.append(f"{place}.root: no folder {str(root)!r}")
        elif dataset["labels"]:
            found += label_tables.misfits(f"{place}.labels", root, dataset["labels"])
        if dataset["lung_masks"] and not (root / dataset["lung_masks"]).is_dir():
            found.append(f"{place}.lung_masks: no folder {dataset['lung_masks']!r}")
    return found


def _encoder_misfits(config: Settings) -> list[str]:
    found: list[str] = []
    encoders = config["encoders"]
    for name, encoder in encoders.items():
        place = f"encoders.{name}"
        if "backbone" in encoder:
            found += _backbone_misfits(place, encoder)
            continue
        found += _unknown(f"{place}.from", encoder["from"], sorted(encoders))
        found += _unknown(f"{place}.method", encoder["method"], members("method"))
        found += _unknown(
            f"{place}.augmentation", encoder["augmentation"], members("augmentation")
        )
        found += _option_misfits(place, encoder)
        for dataset in encoder["data"]:
            found += _unknown(f"{place}.data", dataset, sorted(config["datasets"]))
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
    file = FAMILIES["method"] / f"{encoder['method']}.py"
    if not file.is_file():
        return []
    known = [
        field.target.id
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and node.name == "Options"
        for field in node.body
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
    ]
    return [
        line
        for option in encoder["options"]
        for line in _unknown(f"{place}.options", option, known)
    ]


def _backbone_misfits(place: str, encoder: Settings) -> list[str]:
    backbone, weights = encoder["backbone"], encoder["weights"]
    found = []
    if backbone not in backbones():
        found.append(
            f"{place}.backbone: {backbone!r} is not a model of timm; "
            "timm.list_models() names them"
        )
    if weights.startswith("file:") and not Path(weights[5:]).expanduser().is_file():
        found.append(f"{place}.weights: no file {weights[5:]!r}")
    if weights.startswith("timm:") and weights[5:].partition(".")[0] != backbone:
        found.append(f"{place}.weights: {weights!r} is not of backbone {backbone!r}")
    return found


def backbones() -> set[str]:
    """List timm's models from its source: importing it would cost seconds a call."""
    spec = importlib.util.find_spec("timm")
    assert spec is not None
    assert spec.origin is not None
    models = Path(spec.origin).parent / "models"
    pattern = re.compile(r"^@register_model\s+def (\w+)\(", re.MULTILINE)
    return {
        name
        for file in models.glob("*.py")
        for name in pattern.findall(file.read_text(encoding="utf-8"))
    }


def _task_misfits(config: Settings) -> list[str]:
    found: list[str] = []
    for name, task in config["tasks"].items():
        place = f"tasks.{name}"
        if name in config["datasets"]:
            found.append(f"{place}: a dataset has this name too; they share a folder")
        for dataset in (task["data"], *task["external"]):
            if misfit := _unknown(place, dataset, sorted(config["datasets"])):
                found += misfit
                continue
            labels = config["datasets"][dataset]["labels"]
            if labels is None:
                found.append(f"{place}: datasets.{dataset} has no labels")
                continue
            for finding in task["findings"]:
                at = f"{place}.findings ({dataset})"
                found += _unknown(at, finding, sorted(labels["findings"]))
        if task["data"] in task["external"]:
            found.append(f"{place}.external: {task['data']!r} is trained on")
        for other, choice in config["tasks"].items():
            if task["data"] in choice["external"]:
                found.append(
                    f"{place}.data: {task['data']!r} is an external test set of "
                    f"tasks.{other}; it may not be trained on"
                )
    return found


def _sweep_misfits(config: Settings) -> list[str]:
    found: list[str] = []
    sweep = config["sweep"]
    for encoder in sweep["encoders"]:
        found += _unknown("sweep.encoders", encoder, sorted(config["encoders"]))
    for protocol in sweep["protocols"]:
        found += _unknown("sweep.protocols", protocol, members("protocol"))
    baseline = config["evaluate"]["baseline"]
    found += _unknown("evaluate.baseline", baseline, sorted(sweep["encoders"]))
    given = [str(budget) for budget in sweep["labels"]]
    sizes = {(label.endswith("%"), float(label.rstrip("%"))) for label in given}
    if len(sizes) < len(given) or (True, 0.0) in sizes:
        found.append("sweep.labels: every budget above 0, and none of them twice")
    counts = [budget for budget in sweep["labels"] if isinstance(budget, int)]
    for name, task in config["tasks"].items():
        patients = label_tables.n_patients(config, config["datasets"].get(task["data"]))
        if counts and patients is not None and max(counts) > patients:
            found.append(
                f"sweep.labels: {max(counts)} patients are more than the {patients} "
                f"of tasks.{name}"
            )
    return found
