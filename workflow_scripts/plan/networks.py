"""Check the networks of the config: timm's models, their weights, and their methods."""

import importlib.util
import re
from functools import cache
from pathlib import Path

from workflow_scripts.plan.families import FAMILIES, members, says, unknown
from workflow_scripts.plan.settings import Settings

TRANSFORMERS = {
    "vision_transformer",
    "deit",
}  # timm's files of networks of plain tokens


def begun_misfits(place: str, encoder: Settings) -> list[str]:
    """List what does not fit in an encoder that is taken as it is."""
    backbone, weights = encoder["backbone"], encoder["weights"]
    found = []
    if backbone not in backbones():
        found.append(
            f"{place}.backbone: {backbone!r} is not a model of timm; "
            "timm.list_models() names them"
        )
    if weights.startswith("file:") and not Path(weights[5:]).expanduser().is_file():
        found.append(f"{place}.weights: no file {weights[5:]!r}")
    if weights.startswith("https:") and encoder["sha256"] is None:
        found.append(
            f"{place}.sha256: {weights!r} could be changed by others; give the sha256 "
            "of the file that is meant"
        )
    told = [
        k for k in ("sha256", "format", "mean", "deviation") if encoder[k] is not None
    ]
    if told and not weights.startswith(("file:", "https:")):
        found.append(f"{place}.{told[0]}: is for weights from a file or an address")
    if encoder["format"] is not None:
        known = members("weights format")
        found += unknown(f"{place}.format", encoder["format"], known)
    if weights.startswith("timm:") and weights[5:].partition(".")[0] != backbone:
        found.append(f"{place}.weights: {weights!r} is not of backbone {backbone!r}")
    return found


def method_misfits(place: str, config: Settings, encoder: Settings) -> list[str]:
    """List what the method asks of the network or of its views, and does not get."""
    method, augmentation = encoder["method"], encoder["augmentation"]
    if method not in members("method") or augmentation not in members("augmentation"):
        return []
    found = []
    policy = FAMILIES["augmentation"] / f"{augmentation}.py"
    local = encoder["options"].get("local_views")
    if local and "LOCAL_SIDE" not in policy.read_text(encoding="utf-8"):
        found.append(
            f"{place}.augmentation: {augmentation} makes no local views; dino and swav "
            "do"
        )
    backbone = _begun(config, encoder).get("backbone", "")
    known = {None, *TRANSFORMERS}  # what timm does not have is refused elsewhere
    if says(method, "transformer_only") and backbones().get(backbone) not in known:
        found.append(
            f"{place}.method: {method} is for vision transformers, and {backbone} is "
            "none of timm's"
        )
    return found


def _begun(config: Settings, encoder: Settings) -> Settings:
    """Return the encoder that a chain begins with; nothing, if it has no beginning."""
    for _ in config["encoders"]:
        encoder = config["encoders"].get(encoder.get("from"), encoder)
    return encoder


@cache
def backbones() -> dict[str, str]:
    """Return timm's models, each with the file that it is from, read from its source.

    Importing it would cost seconds a call.
    """
    spec = importlib.util.find_spec("timm")
    assert spec is not None
    assert spec.origin is not None
    models = Path(spec.origin).parent / "models"
    pattern = re.compile(r"^@register_model\s+def (\w+)\(", re.MULTILINE)
    return {
        name: file.stem
        for file in models.glob("*.py")
        for name in pattern.findall(file.read_text(encoding="utf-8"))
    }
