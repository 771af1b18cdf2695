"""Recipes of the steps of `pretrain`: how an encoder begins and is trained."""

from workflow_scripts.plan.recipes import STEPS, Decided, Wildcards
from workflow_scripts.plan.settings import Settings


def begin(config: Settings, wildcards: Wildcards) -> Decided:
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


def fit(config: Settings, wildcards: Wildcards) -> Decided:
    """How the encoder is trained."""
    encoder = config["encoders"][wildcards["encoder"]]
    choices = {
        "datasets": encoder["data"],
        "size_px": config["prepare"]["size_px"],
        "seed": config["seed"],
        **{
            key: encoder[key]
            for key in encoder
            if key not in {"from", "data", "transductive"}
        },
    }
    loaded = (
        f"{STEPS}.pretrain.methods.{encoder['method']}",
        f"{STEPS}.pretrain.augmentations.{encoder['augmentation']}",
    )
    return Decided(choices=choices, loaded=loaded)
