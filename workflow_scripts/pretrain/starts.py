"""Where an encoder starts: random weights, timm's, or a file that a user brings."""

from typing import Any

import timm
from torch import nn

from workflow_scripts.core.encoders import Card
from workflow_scripts.core.errors import InputError
from workflow_scripts.pretrain.weights import grey
from workflow_scripts.pretrain.weights.formats import Pixels
from workflow_scripts.pretrain.weights.reading import Tensors

MEAN, DEVIATION = 0.5, 0.25  # of pixels in [0, 1], where no weights ask for others


def begun(backbone: str, weights: str, size_px: int) -> tuple[nn.Module, Card]:
    """Return the timm model `backbone` for grey images, and its card.

    Args:
        backbone: name of a timm model.
        weights: timm, or timm:NAME.TAG; initial weights for anything else.
        size_px: side of the images it shall see.

    Raises:
        InputError: if timm's weights are neither on this machine nor to be had.
    """
    known = timm.get_pretrained_cfg(backbone)
    arguments: dict[str, Any] = {
        "model_name": backbone,
        "in_chans": 1,
        "num_classes": 0,
    }
    if known is not None and known.fixed_input_size:
        arguments["img_size"] = size_px
    model: nn.Module = timm.create_model(**arguments)
    card = Card(timm=arguments, size_px=size_px, mean=MEAN, deviation=DEVIATION)
    if not weights.startswith("timm"):
        return model, card
    coloured = _of_timm(weights[5:] or backbone, arguments)
    cfg: Any = coloured.pretrained_cfg
    pixels = Pixels(mean=tuple(cfg["mean"]), deviation=tuple(cfg["std"]))
    state, inexact = grey.summed(coloured.state_dict(), model, pixels)
    _load(model, state, backbone)
    tag = ".".join(filter(None, (cfg["architecture"], cfg["tag"])))
    notes = {"weights": tag, "licence": cfg.get("license") or "unknown"}
    if inexact:
        notes["inexact"] = ", ".join(inexact)
    return model, grey.normalised_by(card, pixels, notes)


def _load(model: nn.Module, state: Tensors, backbone: str) -> None:
    """Load `state` into `model`.

    Raises:
        InputError: if the first layer is of a kind that cannot be turned grey.
    """
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        raise InputError(
            f"timm's weights of {backbone!r} cannot be turned grey, for timm does not "
            "say which layer sees the image; choose another backbone"
        ) from error


def _of_timm(name: str, arguments: dict[str, Any]) -> nn.Module:
    """Return timm's pretrained model as it is, for colour but for our size.

    Raises:
        InputError: if its weights are neither on this machine nor to be had.
    """
    asked = {**arguments, "model_name": name, "in_chans": 3}
    try:
        model: nn.Module = timm.create_model(**asked, pretrained=True)
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(
            f"timm's weights {name!r} do not exist, or are not on this machine and "
            "could not be fetched; see timm.list_pretrained(), or bring a file with "
            "`weights: file:PATH`"
        ) from error
    return model
