"""Augmented, normalised views of the images of a batch."""

from typing import Any

import torch
from torch import Tensor, nn

from workflow_scripts.core.device import device
from workflow_scripts.core.encoders import Card
from workflow_scripts.core.errors import InputError
from workflow_scripts.pretrain import augmentations, randomness
from workflow_scripts.pretrain.processes import rank
from workflow_scripts.pretrain.recipe import Recipe

VIEWS = 2  # names the random numbers of views, apart from those of steps


class Views:
    """Makes the views that a method wants, as an augmentation policy has them."""

    def __init__(
        self,
        method: Any,  # noqa: ANN401 (any method file's)
        card: Card,
        recipe: Recipe,
    ) -> None:
        """Prepare.

        Args:
            method: says how many views it wants, and of which sizes.
            card: of its encoder, for what is subtracted and divided by.
            recipe: says which policy, and the seed.

        Raises:
            InputError: if local views are wanted that the policy does not make.
        """
        self.policy = augmentations.load(recipe.augmentation)
        self.card = card
        self.views, self.local_views = method.views, method.local_views
        seed = randomness.seed_of([recipe.seed, rank(), VIEWS])
        self.chance = torch.Generator(device()).manual_seed(seed)
        self.side_px = 0
        if self.local_views and not hasattr(self.policy, "local"):
            raise InputError(
                f"options: {self.local_views} local views are asked for, and "
                f"{recipe.augmentation!r} makes none; leave them out, or choose dino "
                "or swav as augmentation"
            )
        if self.local_views:
            share = self.policy.LOCAL_SIDE
            self.side_px = local_side_px(method.encoder, card.size_px, share)

    def of(self, images: Tensor) -> list[Tensor]:
        """Return the views, each float32 of shape (batch, 1, side, side).

        Args:
            images: uint8, shape (looks, batch, size_px, size_px); the first view is of
                the first look, all others are of the last.
        """
        seen = [
            self.policy.augment(images[min(view, len(images) - 1)], self.chance, view)
            for view in range(self.views)
        ]
        seen += [
            self.policy.local(images[-1], self.chance, self.side_px)
            for _ in range(self.local_views)
        ]
        return [
            (view.unsqueeze(1) - self.card.mean) / self.card.deviation for view in seen
        ]


def local_side_px(encoder: nn.Module, size_px: int, share: float) -> int:
    """Return the side of local views: whole patches or strides, two of them at least.

    Args:
        encoder: any of timm's.
        size_px: side of the images.
        share: of that side.
    """
    patches = getattr(encoder, "patch_embed", None)
    patch = getattr(patches, "patch_size", None)
    if patch is None:  # a last map of one place would leave nothing to convolve
        info: Any = encoder
        patch = (info.feature_info[-1]["reduction"],)
    return int(patch[0] * max(2, round(share * size_px / patch[0])))
