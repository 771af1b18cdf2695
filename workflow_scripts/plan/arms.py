"""Check the encoders of the config: starts, chains, methods and their options."""

import importlib.util
import re
from pathlib import Path

from workflow_scripts.plan.families import members, options_of, unknown
from workflow_scripts.plan.settings import Settings


def misfits(config: Settings) -> list[str]:
    """List what does not fit together in the encoders of `config`."""
    found: list[str] = []
    encoders = config["encoders"]
    for name, encoder in encoders.items():
        place = f"encoders.{name}"
        if "backbone" in encoder:
            found += _backbone_misfits(place, encoder)
            continue
        found += unknown(f"{place}.from", encoder["from"], sorted(encoders))
        found += unknown(f"{place}.method", encoder["method"], members("method"))
        found += unknown(
            f"{place}.augmentation", encoder["augmentation"], members("augmentation")
        )
        found += _option_misfits(place, encoder)
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
