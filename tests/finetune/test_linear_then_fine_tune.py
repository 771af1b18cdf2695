"""LP-FT begins as the probe of the network that is then trained."""

import dataclasses

import numpy as np
import torch

from tests.finetune.problems import macro_auroc, problem
from workflow_scripts.core import encoders
from workflow_scripts.finetune.features import features_of
from workflow_scripts.finetune.protocols import (
    linear_probe,
    linear_then_fine_tune,
)

OPTIONS = {
    "penalties": [1.0, 100.0],
    "steps": 6,
    "batch_size": 16,
    "learning_rates": [1e-9],
    "weight_decay": 0.0,
    "checks": 2,
    "layer_decay": 1.0,
    "patience": 0,
}


def settled_problem(given):
    """Return the problem with features of the encoder whose batch norms are settled."""
    encoder, card = given.images.load_encoder()
    encoder = linear_then_fine_tune.settled(encoder, card, given, seed=0)
    features = features_of(encoder, card, given.images.pixels)
    images = dataclasses.replace(given.images, features=features)
    return dataclasses.replace(given, images=images)


def test_where_nothing_moves_it_is_the_probe(tmp_path):
    given = problem(tmp_path)
    probed = settled_problem(given)
    probe = linear_probe.fit(probed, OPTIONS, seed=0)
    fitted = linear_then_fine_tune.fit(given, OPTIONS, seed=0)
    for key in ("classifier.weight", "classifier.bias"):
        expected = probe.weights[key].astype(np.float32)
        np.testing.assert_allclose(fitted.weights[key], expected, rtol=1e-4, atol=1e-5)
    told = {(one.finding, one.candidate): one.chosen for one in fitted.tried}
    assert told == {(one.finding, one.candidate): one.chosen for one in probe.tried} | {
        ("all", "learning_rate 1e-09"): True
    }


def test_where_moving_wrecks_the_probe_is_kept(tmp_path):
    given = problem(tmp_path)
    probed = settled_problem(given)
    probe = linear_probe.fit(probed, OPTIONS, seed=0)
    rows = given.validation
    scores = linear_probe.score(probe.weights, probed.images, given.asked)[rows]
    wild = OPTIONS | {"learning_rates": [1.0]}
    fitted = linear_then_fine_tune.fit(given, wild, seed=0)
    kept = linear_then_fine_tune.score(fitted.weights, given.images, given.asked)[rows]
    before = macro_auroc(given.targets[rows], scores)
    assert macro_auroc(given.targets[rows], kept) >= before - 0.01


def test_settled_batch_norms_show_features_as_training_sees_them(tmp_path):
    given = problem(tmp_path)
    encoder, card = given.images.load_encoder()
    pixels = torch.from_numpy(given.images.pixels[given.training])
    images = encoders.normalised(pixels, card)
    with torch.no_grad():
        seen = encoder.train()(images)
        encoder, card = given.images.load_encoder()
        settled = linear_then_fine_tune.settled(encoder, card, given, seed=0)(images)
        encoder, _ = given.images.load_encoder()
        unsettled = encoder.eval()(images)
    away = (settled - seen).abs().mean()  # of what bfloat16 rounds
    assert away < 0.03 < 0.2 < (unsettled - seen).abs().mean()
    encoder = linear_then_fine_tune.settled(encoder, card, given, seed=0)
    assert {m.momentum for m in encoder.modules() if hasattr(m, "momentum")} == {0.1}


def test_settling_sees_no_image_of_validation(tmp_path):
    given = problem(tmp_path)
    states = []
    for bright in (0, 200):
        given.images.pixels[given.validation] = bright
        encoder, card = given.images.load_encoder()
        settled = linear_then_fine_tune.settled(encoder, card, given, seed=0)
        states.append(settled.state_dict())
    for key, value in states[0].items():
        assert torch.equal(value, states[1][key])


def test_a_network_without_batch_norms_is_left_as_it_is():
    assert not linear_then_fine_tune.has_batch_norm(torch.nn.LayerNorm(4))
    assert linear_then_fine_tune.has_batch_norm(
        torch.nn.Sequential(torch.nn.BatchNorm2d(4))
    )
