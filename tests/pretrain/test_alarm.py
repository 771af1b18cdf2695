"""Collapse is told, planted in numbers and trained for real; healthy runs pass."""

import math
from functools import cache

import numpy as np
import pytest
import timm
import torch
from torch import nn
from torch.nn import functional

from workflow_scripts.core.encoders import Card
from workflow_scripts.core.errors import InputError
from workflow_scripts.pretrain import alarm, augmentations, methods, watching
from workflow_scripts.pretrain.methods import Shape

CARD = Card(timm={}, size_px=32, mean=0.3, deviation=0.3)
WIDTHS = {"hidden_width": 64, "projection_width": 32}
HEALTHY = {
    "simclr": WIDTHS,
    "byol": WIDTHS,
    "moco": WIDTHS | {"queue_size": 64},
    "moco_v3": WIDTHS,
    "swav": WIDTHS | {"prototypes": 16},
    "barlow_twins": {"projection_width": 64},
    "vicreg": {"projection_width": 64},
    "dino": {"hidden_width": 64, "bottleneck_width": 16, "output_width": 64},
    "gmml": {"patch_px": 8, "head_width": 16},
    "simmim": {"mask_px": 16},
    "mae": {"decoder_width": 32, "decoder_blocks": 1, "decoder_heads": 2},
    "rotation": {},
}
RUNS = [(name, "test_vit") for name in HEALTHY]
RUNS += [(name, "test_resnet") for name in ("simclr", "byol", "gmml", "rotation")]


@cache
def images(n=64):
    """Some blobs at random places in each image, uint8, (n, 32, 32)."""
    generator = torch.Generator().manual_seed(0)
    place = torch.rand(n, 3, 2, 1, 1, generator=generator) * 32
    down, across = torch.meshgrid(torch.arange(32), torch.arange(32), indexing="ij")
    distance = (down - place[:, :, 0]) ** 2 + (across - place[:, :, 1]) ** 2
    return (255 * torch.exp(-distance / 30).amax(1)).to(torch.uint8)


def encoder(backbone):
    torch.manual_seed(0)
    size = {"img_size": 32} if backbone == "test_vit" else {}
    return timm.create_model(backbone, in_chans=1, num_classes=0, **size)


def made(name, backbone, options):
    """The method around an encoder, as the step builds it."""
    kept, module = encoder(backbone).eval(), methods.load(name)
    empty = torch.zeros(2, 1, 32, 32)
    seen = kept.forward_intermediates(
        empty, indices=1, norm=False, intermediates_only=True
    )
    width = kept(empty).shape[1]
    shape = Shape(width=width, map_width=seen[-1].shape[1], size_px=32)
    return module.Method(kept, shape, module.Options(**options))


def measured(method):
    seen = watching.features(method.encoder, images(), CARD)
    return watching.measures(seen, watching.projections(method, seen))


def trained(method, epochs, rate=0.001, steps=4, batch_size=16):
    """The measures before the first step, and the history; a rise, then a cosine."""
    policy = "none" if method.views == 1 else "moco_cxr"
    augment = augmentations.load(policy).augment
    order, chance = (torch.Generator().manual_seed(seed) for seed in (1, 2))
    optimiser = torch.optim.AdamW(method.parameters(), rate)
    start, history = measured(method), []
    for epoch in range(epochs):
        method.train()
        for number in range(steps):
            rows = torch.randint(64, (batch_size,), generator=order)
            views = [
                (augment(images()[rows], chance, view).unsqueeze(1) - CARD.mean)
                / CARD.deviation
                for view in range(method.views)
            ]
            done = (epoch * steps + number + 1) / (epochs * steps)
            share = min(5 * done, (1 + math.cos(math.pi * done)) / 2)
            optimiser.param_groups[0]["lr"] = rate * share
            optimiser.zero_grad()
            method(*views).backward()
            optimiser.step()
            method.after_step(done)
        history.append(measured(method))
    return start, history


class WithoutStop(nn.Module):
    """SimSiam without its stop-gradient, or without its predictor too."""

    views = 2

    def __init__(self, kept, width, predictor):
        super().__init__()
        self.encoder = kept
        self.projection_head = nn.Linear(width, 32)
        self.predictor = nn.Linear(32, 32) if predictor else nn.Identity()

    def forward(self, *views):
        z1, z2 = (self.projection_head(self.encoder(view)) for view in views)
        return -functional.cosine_similarity(self.predictor(z1), z2).mean()

    def after_step(self, share):
        pass


class OneFinding(nn.Module):
    """Supervised by one label that is easy to learn."""

    views = 1

    def __init__(self, kept, width):
        super().__init__()
        self.encoder, self.head = kept, nn.Linear(width, 1)

    def forward(self, view):
        truth = (
            view[:, :, :16].mean((1, 2, 3)) > view[:, :, 16:].mean((1, 2, 3))
        ) * 1.0
        logits = self.head(self.encoder(view))[:, 0]
        return functional.binary_cross_entropy_with_logits(logits, truth)

    def after_step(self, share):
        pass


def row(**changes):
    healthy = {
        "feature_std": 0.5,
        "effective_rank": 20.0,
        "centred_rank": 30.0,
        "projection_std": 0.7,
    }
    return healthy | changes


def of(features):
    return watching.measures(features.astype(np.float32), None)


def spread(n=300, width=64, seed=0):
    return np.random.default_rng(seed).normal(size=(n, width))


def line():
    return np.random.default_rng(1).normal(size=(300, 1)) * spread(1)


def with_nan():
    features = spread()
    features[7, 3] = np.nan
    return features


PLANTED = {
    "constant": (np.ones((300, 64)), "every image has the same features"),
    "dead": (np.zeros((300, 64)), "every image has the same features"),
    "nearly constant": (1 + 0.001 * spread(), "every image has the same features"),
    "one ray": (np.abs(line()), "every image has the same features"),
    "one line": (line(), "along one line"),
    "one line and noise": (line() + 0.001 * spread(), "along one line"),
    "a line off the origin": (3 + line(), "along one line"),
    "not a number": (with_nan(), "not finite"),
}


@pytest.mark.parametrize(("features", "words"), PLANTED.values(), ids=PLANTED)
def test_planted_collapse_is_refused_in_one_line_with_a_remedy(features, words):
    with pytest.raises(
        InputError, match=rf"collapsed: .*{words}.*learning_rate"
    ) as told:
        alarm.check([row(), of(features)])
    assert "\n" not in str(told.value)


def test_spread_features_and_a_run_without_epochs_raise_no_alarm():
    alarm.check([of(spread())], of(spread(seed=1)))
    alarm.check([of(5 + spread())])  # what all images share says nothing
    alarm.check([], row())


def test_only_the_last_epoch_counts():
    alarm.check([row(feature_std=0.0), row()], row())
    assert alarm.fault([row(), row(feature_std=0.0)], row())


def test_features_on_one_line_are_what_one_label_asks_for():
    alarm.check([of(line())], taught=True)
    with pytest.raises(InputError, match="same features"):
        alarm.check([of(np.ones((300, 64)))], taught=True)


def test_projections_have_collapsed_only_if_they_told_more_before():
    collapsed, unmoved = row(projection_std=0.03), row(projection_std=0.04)
    assert "projection" in alarm.fault([collapsed], row())
    assert "projection" in alarm.fault([row(), collapsed])
    assert alarm.fault([collapsed], unmoved) is None
    assert alarm.fault([row(projection_std=0.2)], row()) is None


def test_projections_that_are_no_numbers_are_told_and_none_are_not():
    absent = row(projection_std=math.nan)
    assert alarm.fault([absent], absent) is None
    assert "projection" in alarm.fault([row(), absent], row())


@pytest.mark.parametrize("predictor", [True, False])
def test_attraction_without_stop_gradient_collapses_and_is_told(predictor):
    kept = encoder("test_vit")
    method = WithoutStop(kept, kept.num_features, predictor)
    start, history = trained(method, 10, rate=0.003)
    with pytest.raises(InputError, match="same projection"):
        alarm.check(history, start)


def test_weights_that_are_no_numbers_are_told():
    method = made("simclr", "test_vit", HEALTHY["simclr"])
    start = measured(method)
    with torch.no_grad():
        method.encoder.norm.weight[3] = torch.nan
    with pytest.raises(InputError, match="not finite"):
        alarm.check([measured(method)], start)


@pytest.mark.parametrize(("name", "backbone"), RUNS)
def test_healthy_objectives_raise_no_alarm_after_any_epoch(name, backbone):
    method = made(name, backbone, HEALTHY[name])
    start, history = trained(method, 4)
    assert history[-1]["feature_std"] != start["feature_std"]
    for epoch in range(1, 5):
        assert alarm.fault(history[:epoch], start) is None


@pytest.mark.parametrize("backbone", ["test_resnet", "test_vit"])
def test_one_label_learnt_raises_no_alarm(backbone):
    kept = encoder(backbone)
    start, history = trained(OneFinding(kept, kept.num_features), 8, rate=0.003)
    for epoch in range(1, 9):
        assert alarm.fault(history[:epoch], start, taught=True) is None


@pytest.mark.parametrize("name", HEALTHY)
def test_projections_are_watched_where_a_loss_compares_those_of_views(name):
    method = made(name, "test_vit", HEALTHY[name])
    told = measured(method)["projection_std"]
    assert math.isnan(told) == (method.views == 1 or name == "dino")
