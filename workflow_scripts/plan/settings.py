"""Check the config: keys, ranges, and that the names in it fit together.

Every complaint is one line: the place in the config, what stands there, what may.
"""

import csv
import importlib.util
import re
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, ValidationError, validators

from workflow_scripts.core.errors import InputError

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "workflow_scripts"
SCHEMA = ROOT / "rules" / "config.schema.yaml"
FAMILIES = {
    "adapter": PACKAGE / "ingest" / "datasets",
    "method": PACKAGE / "pretrain" / "methods",
    "augmentation": PACKAGE / "pretrain" / "augmentations",
    "protocol": PACKAGE / "finetune" / "protocols",
}

Settings = dict[str, Any]


def checked(config: Settings) -> Settings:
    """Return `config` with the schema's defaults filled in.

    Raises:
        InputError: one line for every mistake found.
    """
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    errors = sorted(_Filling(schema).iter_errors(config), key=lambda e: list(e.path))
    complaints = [_line(error) for error in errors]
    if not complaints:
        complaints = _misfits(config)
    if complaints:
        raise InputError("\n".join(f"config: {line}" for line in complaints))
    return config


def _fill_properties(
    validator: Any,  # noqa: ANN401 (jsonschema's own types)
    properties: Settings,
    instance: object,
    schema: Settings,
) -> Any:  # noqa: ANN401
    if isinstance(instance, dict):
        for name, part in properties.items():
            if "default" in part and name not in instance:
                fresh = part["default"]
                instance[name] = dict(fresh) if isinstance(fresh, dict) else fresh
    yield from Draft202012Validator.VALIDATORS["properties"](
        validator, properties, instance, schema
    )


_Filling: Any = validators.extend(  # type: ignore[no-untyped-call]
    Draft202012Validator, {"properties": _fill_properties}
)


def _line(error: ValidationError) -> str:
    deepest = error
    while deepest.context:
        deepest = max(deepest.context, key=_depth)
    place = ".".join(str(part) for part in deepest.absolute_path) or "top level"
    given: Any = deepest.instance
    allowed: Any = deepest.validator_value
    match deepest.validator:
        case "additionalProperties":
            schema: Any = deepest.schema
            known = sorted(schema["properties"])
            odd = sorted(set(given) - set(known))
            return f"{place}: unknown key {odd[0]!r}; allowed: {', '.join(known)}"
        case "required":
            absent = [name for name in allowed if name not in given]
            return f"{place}: missing {', '.join(absent)}"
        case "enum":
            return f"{place}: {given!r} is not one of {', '.join(map(str, allowed))}"
        case "type":
            return f"{place}: {given!r} is not of type {allowed}{_number_hint(given)}"
        case "pattern":
            return f"{place}: {given!r} does not have the form {allowed}"
    return f"{place}: {deepest.message}"


def _depth(error: ValidationError) -> tuple[int, bool]:
    """Rank the branches of a choice: the deepest is the one that was meant."""
    return len(error.absolute_path), error.validator == "additionalProperties"


def _number_hint(given: object) -> str:
    if isinstance(given, str) and re.fullmatch(r"\d+e[+-]?\d+", given):
        return f" (YAML reads {given} as text; write {given.replace('e', '.0e')})"
    return ""


def _misfits(config: Settings) -> list[str]:
    """List what is of the right form but does not fit together."""
    return [
        *_dataset_misfits(config),
        *_encoder_misfits(config),
        *_task_misfits(config),
        *_sweep_misfits(config),
    ]


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
            found += _table_misfits(f"{place}.labels", root, dataset["labels"])
        if dataset["lung_masks"] and not (root / dataset["lung_masks"]).is_dir():
            found.append(f"{place}.lung_masks: no folder {dataset['lung_masks']!r}")
    return found


def simulated(config: Settings, dataset: Settings) -> bool:
    """Say whether the files of `dataset` are phantoms that this workflow makes."""
    parts = Path(dataset["root"]).parts
    return parts[:2] == ("results", "simulate") and parts[2] in config["simulate"]


def _table_misfits(place: str, root: Path, labels: Settings) -> list[str]:
    table = root / labels["table"]
    if not table.is_file():
        return [f"{place}.table: no file {str(table)!r}"]
    with table.open(newline="", encoding="utf-8-sig", errors="replace") as file:
        columns = next(csv.reader(file), [])
    found = []
    for key in ("image", "patient", "split", "view", "sex", "age"):
        if labels[key] is not None and labels[key] not in columns:
            found.append(f"{place}.{key}: {table.name} has no column {labels[key]!r}")
    for name, finding in labels["findings"].items():
        column = finding if isinstance(finding, str) else finding["column"]
        if column not in columns:
            found.append(
                f"{place}.findings.{name}: {table.name} has no column {column!r}; "
                f"it has: {', '.join(columns)}"
            )
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
    counts = [budget for budget in sweep["labels"] if isinstance(budget, int)]
    for name, task in config["tasks"].items():
        patients = _n_patients(config, config["datasets"].get(task["data"]))
        if counts and patients is not None and max(counts) > patients:
            found.append(
                f"sweep.labels: {max(counts)} patients are more than the {patients} "
                f"of tasks.{name}"
            )
    return found


def _n_patients(config: Settings, dataset: Settings | None) -> int | None:
    """Return how many patients `dataset` has at most; None where not known yet."""
    if dataset is None:
        return None
    if simulated(config, dataset):
        cohort = config["simulate"][Path(dataset["root"]).parts[2]]
        return int(cohort["patients"])
    labels = dataset["labels"]
    if not labels:
        return None
    with (Path(dataset["root"]) / labels["table"]).open(
        newline="", encoding="utf-8-sig", errors="replace"
    ) as file:
        rows = csv.DictReader(file)
        return len({row[labels["patient"] or labels["image"]] for row in rows})
