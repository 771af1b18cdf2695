"""Recipes of the steps of `pretrain`: how an encoder begins and is trained."""

from workflow_scripts.plan.families import members
from workflow_scripts.plan.recipes import STEPS, Decided, Wildcards
from workflow_scripts.plan.settings import Settings

# Keys of an encoder that decide what its pool holds, or who its parent is.
OF_THE_POOL = {"from", "data", "transductive", "patients", "uncertain", "watch"}


def fetch(config: Settings, wildcards: Wildcards) -> Decided:
    """Where the weights are, and which they are."""
    encoder = config["encoders"][wildcards["encoder"]]
    choices = {"url": encoder["weights"], "sha256": encoder["sha256"]}
    return Decided(choices=choices)


def begin(config: Settings, wildcards: Wildcards) -> Decided:
    """Which network, with which weights."""
    encoder = config["encoders"][wildcards["encoder"]]
    weights = encoder["weights"]
    kind = weights.partition(":")[0]
    brought = kind in {"file", "https"}
    choices = {
        "backbone": encoder["backbone"],
        "weights": kind if brought else weights,  # not where: a file may be moved
        **{key: encoder[key] for key in ("sha256", "format", "mean", "deviation")},
        "size_px": config["prepare"]["size_px"],
        "seed": config["seed"],
    }
    formats = members("weights format") if brought else []
    loaded = tuple(f"{STEPS}.pretrain.weights.formats.{name}" for name in formats)
    return Decided(choices=choices, loaded=loaded)


def fit(config: Settings, wildcards: Wildcards) -> Decided:
    """How the encoder is trained."""
    encoder = config["encoders"][wildcards["encoder"]]
    choices = {
        "datasets": encoder["data"],
        "size_px": config["prepare"]["size_px"],
        "seed": config["seed"],
        **{key: encoder[key] for key in encoder if key not in OF_THE_POOL},
    }
    loaded = (
        f"{STEPS}.pretrain.methods.{encoder['method']}",
        f"{STEPS}.pretrain.augmentations.{encoder['augmentation']}",
    )
    return Decided(choices=choices, loaded=loaded)
