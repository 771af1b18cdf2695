"""MoCo v3's loss, slow copies and frozen patches, against algorithm 1 of the paper."""

import math

import pytest
import timm
import torch

from tests.pretrain.toy import made, passed, projections, views
from workflow_scripts.pretrain.methods import Shape, moco_v3


def by_the_paper(query, key, temperature):
    """`ctr(q, k)`, one query at a time; its key has its own number."""
    query = [row / row.norm() for row in query]
    key = [row / row.norm() for row in key]
    losses = [
        -math.log(
            math.exp(q @ key[i] / temperature)
            / sum(math.exp(q @ k / temperature) for k in key)
        )
        for i, q in enumerate(query)
    ]
    return 2 * temperature * sum(losses) / len(losses)


@pytest.mark.parametrize("temperature", [0.2, 1.0])
def test_the_loss_equals_algorithm_one(temperature):
    query, key = projections()
    found = moco_v3.contrastive(query, key, temperature).item()
    assert found == pytest.approx(by_the_paper(query, key, temperature), rel=1e-5)


def test_keys_that_agree_and_images_at_right_angles_give_the_least_loss():
    least = 2 * 0.2 * math.log(1 + 5 * math.exp(-1 / 0.2))
    found = moco_v3.contrastive(torch.eye(6), torch.eye(6), 0.2)
    assert found.item() == pytest.approx(least, rel=1e-5)


def test_the_method_adds_both_directions_in_float32_under_autocast():
    method = made("moco_v3")
    found, (q1, q2), (k1, k2) = passed(method, views(), "predictor", "momentum_head")
    expected = by_the_paper(q1, k2, 0.2) + by_the_paper(q2, k1, 0.2)
    assert found.item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(("share", "momentum"), [(0, 0.9), (0.5, 0.95), (1, 1)])
def test_the_slow_copies_follow_by_a_momentum_that_rises_to_one(share, momentum):
    method = made("moco_v3", momentum=0.9)
    for fast, slow in (
        (method.encoder, method.momentum_encoder),
        (method.projection_head, method.momentum_head),
    ):
        before = [p.clone() for p in slow.parameters()]
        with torch.no_grad():
            for weight in fast.parameters():
                weight.add_(1)
        method.after_step(share)
        for old, now in zip(before, slow.parameters(), strict=True):
            torch.testing.assert_close(now, old + (1 - momentum))


@pytest.mark.parametrize("frozen", [True, False])
def test_the_patches_of_a_vit_are_frozen_where_asked_and_nothing_else(frozen):
    options = moco_v3.Options(frozen_patches=frozen, hidden_width=8, projection_width=4)
    vit = timm.create_model("test_vit", in_chans=1, num_classes=0, img_size=32)
    moco_v3.Method(vit, Shape(width=64, map_width=64, size_px=32), options)
    still = {n for n, p in vit.named_parameters() if not p.requires_grad}
    patches = {"patch_embed.proj.weight", "patch_embed.proj.bias"}
    assert still == (patches if frozen else set())
