"""Speak timm's names: rename tensors, and find among many those of one network."""

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from workflow_scripts.pretrain.weights.reading import Tensors

Change = tuple[str, str | Callable[[re.Match[str]], str]]
# of a network and its slow copy, where the file's format is not known: timm takes the
# average of its own training, `model_ema`; for the rest the network itself is taken
AVERAGE = re.compile(r"(state_dict|model)_ema/")
COPY = re.compile(r"momentum|teacher|target|ema[._/]|_k\.|key_")


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How others name a network that timm has too."""

    sign: str  # a name that only they use
    changes: tuple[Change, ...]  # patterns, one after the other, and what they become


def _half(match: re.Match[str]) -> str:
    """Return the stage of torchvision's odd layers: 1, 3, 5, 7 are 0, 1, 2, 3."""
    return f"stages.{int(match[1]) // 2}.blocks.{match[2]}."


TORCHVISION = (
    Dialect(
        sign="conv_proj.weight",  # vision transformer
        changes=(
            (r"^class_token$", "cls_token"),
            (r"^conv_proj\.", "patch_embed.proj."),
            (r"^encoder\.pos_embedding$", "pos_embed"),
            (r"^encoder\.ln\.", "norm."),
            (r"^encoder\.layers\.encoder_layer_(\d+)\.", r"blocks.\1."),
            (r"\.ln_([12])\.", r".norm\1."),
            (r"\.self_attention\.in_proj_", ".attn.qkv."),
            (r"\.self_attention\.out_proj\.", ".attn.proj."),
            (r"\.mlp\.(?:0|linear_1)\.", ".mlp.fc1."),
            (r"\.mlp\.(?:3|linear_2)\.", ".mlp.fc2."),
            (r"^heads\.head\.", "head."),
        ),
    ),
    Dialect(
        sign="features.0.0.weight",  # ConvNeXt
        changes=(
            (r"^features\.0\.", "stem."),
            (
                r"^features\.([246])\.",
                lambda match: f"stages.{int(match[1]) // 2}.downsample.",
            ),
            (r"^features\.([1357])\.(\d+)\.", _half),
            (r"\.block\.0\.", ".conv_dw."),
            (r"\.block\.2\.", ".norm."),
            (r"\.block\.3\.", ".mlp.fc1."),
            (r"\.block\.5\.", ".mlp.fc2."),
            (r"\.layer_scale$", ".gamma"),
            (r"^classifier\.0\.", "head.norm."),
            (r"^classifier\.2\.", "head.fc."),
        ),
    ),
    Dialect(
        sign="features.denseblock1.denselayer1.norm.1.weight",  # DenseNet, old
        changes=((r"(denselayer\d+\.(?:norm|conv))\.([12])\.", r"\1\2."),),
    ),
)
OTHERS = (
    Dialect(
        sign="4.0.conv1.weight",  # children of torchvision's ResNet, counted
        changes=(
            (r"^0\.", "conv1."),
            (r"^1\.", "bn1."),
            (r"^([4567])\.", lambda match: f"layer{int(match[1]) - 3}."),
        ),
    ),
    Dialect(
        sign="blocks.0.0.norm1.weight",  # DINOv2's chunks of blocks
        changes=((r"^blocks\.\d+\.(\d+)\.", r"blocks.\1."),),
    ),
)
SIGNS = tuple(dialect.sign for dialect in TORCHVISION)


def below(tensors: Tensors, place: str) -> Tensors:
    """Return the tensors whose names begin with `place`, without it."""
    cut = len(place)
    return {name[cut:]: t for name, t in tensors.items() if name.startswith(place)}


def renamed(tensors: Tensors) -> Tensors:
    """Return `tensors` with timm's names, where they are of a known dialect."""
    for dialect in (*TORCHVISION, *OTHERS):
        if dialect.sign in tensors:
            return {_said(n, dialect): _flat(n, t) for n, t in tensors.items()}
    return tensors


def _said(name: str, dialect: Dialect) -> str:
    for pattern, becomes in dialect.changes:
        name = re.sub(pattern, becomes, name)
    return name


def _flat(name: str, tensor: Tensor) -> Tensor:
    """Return the tensor; torchvision's scales, (width, 1, 1), as (width,)."""
    return tensor.flatten() if name.endswith(".layer_scale") else tensor


def filtered(tensors: Tensors, model: nn.Module) -> Tensors:
    """Return what timm's own filter for this network makes of the published names.

    It interpolates positions and patches of a vision transformer, too.
    """
    change: Any = getattr(
        sys.modules[type(model).__module__], "checkpoint_filter_fn", None
    )
    if change is None:
        return tensors
    given = dict(tensors)  # the filter takes from what it is given
    if "register_tokens" in given:
        given.setdefault(
            "mask_token", given["register_tokens"]
        )  # timm's sign of DINOv2
    try:
        return dict(change(given, model))
    except (KeyError, TypeError, ValueError, RuntimeError):
        return tensors  # the weights of another network: matching will say so


def searched(tensors: Tensors, model: nn.Module) -> list[str]:
    """List the places under which most of the names of `model` are, the best first.

    Of equals the averaged network of timm's training comes first and what is named as
    a slow copy last; then the shortest.
    """
    own = {name for name in model.state_dict() if counts(name)}
    places = {""} | {
        name[: match.end()] for name in tensors for match in re.finditer("[./]", name)
    }
    hits = {place: len(own & renamed(below(tensors, place)).keys()) for place in places}
    if max(hits.values()) < len(own) / 2:  # names that only timm's filter knows
        for place in places:
            known = filtered(renamed(below(tensors, place)), model)
            hits[place] = len(own & known.keys())
    most = max(hits.values())
    found = [place for place, n_hits in hits.items() if n_hits == most]
    return sorted(found, key=lambda place: (_rank(place), len(place), place))


def _rank(place: str) -> int:
    if AVERAGE.match(place):
        return 0
    return 2 if COPY.search(place) else 1


def counts(name: str) -> bool:
    """Say whether a tensor is more than BatchNorm's count of batches."""
    return not name.endswith("num_batches_tracked")
