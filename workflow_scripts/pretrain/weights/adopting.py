"""Load into an encoder what of a user's weights is for it, and tell what was done."""

import logging
from collections import Counter
from typing import Any

from torch import Tensor, nn

from workflow_scripts.core.encoders import Card
from workflow_scripts.core.errors import InputError
from workflow_scripts.pretrain.weights import formats, grey, naming
from workflow_scripts.pretrain.weights.formats import Pixels
from workflow_scripts.pretrain.weights.naming import counts
from workflow_scripts.pretrain.weights.reading import Tensors

LEAST_MATCHED = 0.9  # of the encoder's weights, or the file is not for it

log = logging.getLogger(__name__)


def adopt(
    model: nn.Module,
    card: Card,
    tensors: Tensors,
    *,
    asked: str | None = None,
    mean: float | None = None,
    deviation: float | None = None,
) -> Card:
    """Load into `model` its weights among `tensors`; a colour stem is summed to grey.

    Args:
        model: a timm model for grey images.
        card: of the model before.
        tensors: of the file, as `reading` tells them.
        asked: name of the file's format; None to recognise it.
        mean: of the pixels that the file's network saw; None as the format tells.
        deviation: likewise.

    Returns:
        The card with mean and deviation, and notes of which names matched, were
        missing, of another shape, or left over.

    Raises:
        InputError: if the first layer or more than a tenth of the weights is not there.
    """
    name = asked or formats.recognised(tensors)
    place, others = _place(tensors, model, name)
    theirs = naming.renamed(naming.below(tensors, place))
    fitted = naming.filtered(theirs, model)
    pixels, source = _seen(model, card, fitted, formats.load(name).PIXELS)
    if mean is not None or deviation is not None:
        pixels, source = _given(pixels, mean, deviation), "as given"
    ready, inexact = grey.summed(fitted, model, pixels)
    notes = {
        "format": name,
        "taken": place,
        "as_good": others,
        "normalisation": source,
        **_loaded(model, ready),
        "resampled": _resampled(theirs, fitted),
        "beside": _beside(tensors, place),
        "inexact": inexact,
    }
    log.info("%s", _line(notes))
    return grey.normalised_by(card, pixels, notes)


def _place(tensors: Tensors, model: nn.Module, name: str) -> tuple[str, list[str]]:
    """Return where the encoder is, and other places that have as many of its names."""
    place = formats.load(name).place(tensors)
    if place is not None:
        return place, []
    first, *others = naming.searched(tensors, model)
    return first, others


def _seen(
    model: nn.Module, card: Card, tensors: Tensors, told: Pixels | None
) -> tuple[Pixels, str]:
    """Return what the file's network saw of an image, and who says so."""
    if not grey.is_coloured(tensors, model):
        if told and len(told.mean) == 1:
            return told, "as the format has it"
        mean, deviation = card.mean, card.deviation
        return Pixels(mean=(mean,), deviation=(deviation,)), "not known: the default"
    if told:
        return told, "as the format has it"
    cfg: Any = model.pretrained_cfg
    known = Pixels(mean=tuple(cfg["mean"]), deviation=tuple(cfg["std"]))
    return known, "not known: timm's default of this network"


def _given(pixels: Pixels, mean: float | None, deviation: float | None) -> Pixels:
    """Return `pixels` with what is given, the same in each channel."""
    n = len(pixels.mean)
    return Pixels(
        mean=pixels.mean if mean is None else (mean,) * n,
        deviation=pixels.deviation if deviation is None else (deviation,) * n,
    )


def _loaded(model: nn.Module, ready: Tensors) -> dict[str, Any]:
    """Load what of `ready` fits, and tell what did and did not.

    Raises:
        InputError: if too little does.
    """
    own = {name: tensor for name, tensor in model.state_dict().items() if counts(name)}
    matched = {name for name in own if name in ready and _fits(own[name], ready[name])}
    other_shape = [
        f"{name}: {tuple(ready[name].shape)} in the file, {tuple(own[name].shape)} here"
        for name in sorted(own.keys() & ready.keys() - matched)
    ]
    size = sum(tensor.numel() for tensor in own.values())
    share = sum(own[name].numel() for name in matched) / max(1, size)
    needed = {f"{name}.weight" for name in grey.first_layers(model)}
    if share < LEAST_MATCHED or needed - matched:
        raise InputError(_refusal(share, needed - matched, other_shape, own, ready))
    if other_shape:
        log.warning("weights: of another shape, not taken: %s", "; ".join(other_shape))
    counted = {name for name in ready if not counts(name)}
    model.load_state_dict({name: ready[name] for name in matched}, strict=False)
    return {
        "matched": len(matched),
        "matched_share": round(share, 4),
        "missing": sorted(own.keys() - ready.keys()),
        "other_shape": other_shape,
        "left_over": sorted(ready.keys() - own.keys() - counted),
    }


def _fits(own: Tensor, theirs: Tensor) -> bool:
    return own.shape == theirs.shape


def _refusal(
    share: float,
    needed: set[str],
    other_shape: list[str],
    own: Tensors,
    ready: Tensors,
) -> str:
    """Return one line that says why the file is not for the encoder."""
    said = f"weights: only {share:.0%} of the encoder's weights are in the file"
    if needed and share >= LEAST_MATCHED:
        said = f"weights: the encoder's first layer, {min(needed)}, is not in the file"
    if other_shape:
        return f"{said}; of another shape are {'; '.join(other_shape[:3])}"
    return (
        f"{said}; it has names like {sorted(ready)[:3]}, the encoder "
        f"{sorted(own)[:3]}: choose the backbone that they are of"
    )


def _resampled(theirs: Tensors, fitted: Tensors) -> list[str]:
    """Name positions and patches that were interpolated, with both shapes."""
    return [
        f"{name}: {tuple(theirs[name].shape)} to {tuple(fitted[name].shape)}"
        for name in ("pos_embed", "patch_embed.proj.weight")
        if name in theirs and name in fitted
        if theirs[name].shape != fitted[name].shape
    ]


def _beside(tensors: Tensors, place: str) -> dict[str, int]:
    """Count, by the beginning of their names, the tensors outside of `place`."""
    outside = (name for name in tensors if not name.startswith(place))
    depth = max(1, place.count("/") + place.count("."))
    words = (name.replace("/", "/ ").replace(".", ". ").split() for name in outside)
    return dict(sorted(Counter("".join(said[:depth]) for said in words).items()))


def _line(notes: dict[str, Any]) -> str:
    numbers = ", ".join(
        f"{len(notes[kind])} {said}"
        for kind, said in (
            ("missing", "missing"),
            ("other_shape", "of another shape"),
            ("left_over", "left over"),
        )
    )
    place = notes["taken"] or "the whole file"
    return (
        f"weights: format {notes['format']}, taken {place}; {notes['matched']} names "
        f"matched ({notes['matched_share']:.0%} of the weights), {numbers}, "
        f"{sum(notes['beside'].values())} beside; normalised {notes['normalisation']}"
    )
