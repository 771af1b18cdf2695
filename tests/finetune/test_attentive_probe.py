"""A query gathers the tokens of any encoder, and the encoder stays as it is."""

import dataclasses

import numpy as np
import pytest
import timm
import torch

from tests.finetune.problems import macro_auroc, problem
from workflow_scripts.core import encoders
from workflow_scripts.finetune.kinds import multilabel
from workflow_scripts.finetune.protocols import Asked, attentive_probe

OPTIONS = {
    "steps": 25,
    "batch_size": 16,
    "learning_rates": [0.01, 0.001],
    "weight_decay": 0.01,
    "checks": 2,
    "heads": 8,
}


def of_transformer(folder):
    """Return the problem with an untrained vision transformer behind it."""
    given = problem(folder)
    torch.manual_seed(0)
    arguments = {"model_name": "test_vit", "in_chans": 1, "num_classes": 0}
    arguments |= {"img_size": 32}
    card = encoders.Card(timm=arguments, size_px=32, mean=0.5, deviation=0.25)
    weights, json_path = folder / "vit.safetensors", folder / "vit.json"
    encoders.save(encoders.build(card), card, weights, json_path)
    images = dataclasses.replace(given.images, encoder=weights, card=json_path)
    return dataclasses.replace(given, images=images)


@pytest.fixture(scope="module")
def taught(tmp_path_factory):
    given = of_transformer(tmp_path_factory.mktemp("transformer"))
    before = given.images.encoder.read_bytes()
    fitted = attentive_probe.fit(given, OPTIONS, seed=0)
    assert given.images.encoder.read_bytes() == before
    scores = attentive_probe.score(fitted.weights, given.images, given.asked)
    return given, fitted, scores[given.validation]


def test_a_finding_is_learnt_from_the_tokens_of_a_transformer(taught):
    given, fitted, scores = taught
    assert macro_auroc(given.targets[given.validation, :1], scores[:, :1]) > 0.9
    assert not [key for key in fitted.weights if key.startswith("encoder")]


def test_what_validation_saw_is_what_the_published_weights_say(taught):
    given, fitted, scores = taught
    (chosen,) = [one for one in fitted.tried if one.chosen]
    found = macro_auroc(given.targets[given.validation], scores)
    assert found == pytest.approx(chosen.validation_score)


def test_a_learning_rate_learns_the_same_whichever_learn_beside_it(taught):
    given, beside, _ = taught
    (chosen,) = [one.candidate for one in beside.tried if one.chosen]
    rate = float(chosen.removeprefix("learning_rate "))
    alone = attentive_probe.fit(given, OPTIONS | {"learning_rates": [rate]}, seed=0)
    for key, value in beside.weights.items():
        np.testing.assert_array_equal(value, alone.weights[key])


SWIN = {"embed_dim": 16, "depths": (1, 1, 1, 1), "num_heads": (1, 1, 1, 1)}


@pytest.mark.parametrize(
    ("backbone", "n_tokens", "arguments"),
    [
        ("test_resnet", 4, {}),
        ("test_convnext", 4, {}),
        ("test_vit", 16 + 1, {"img_size": 64}),
        ("swin_tiny_patch4_window7_224", 4, {"img_size": 64, **SWIN}),
    ],
)
def test_every_place_and_every_prefix_token_is_a_token(backbone, n_tokens, arguments):
    encoder = timm.create_model(backbone, in_chans=1, num_classes=0, **arguments)
    tokens = attentive_probe.tokens_of(encoder.eval(), torch.zeros(2, 1, 64, 64))
    assert tokens.shape == (2, n_tokens, encoder.num_features)


def test_tokens_are_standardised_and_a_dead_channel_stays_quiet(tmp_path):
    given = of_transformer(tmp_path)
    encoder, card = given.images.load_encoder()
    with torch.no_grad():
        encoder.norm.weight[3] = 0
    encoder.eval()
    mean, deviation = attentive_probe.standard(encoder, card, given, seed=0)
    pixels = torch.from_numpy(given.images.pixels[given.training])
    tokens = attentive_probe.tokens_of(encoder, encoders.normalised(pixels, card))
    expected = tokens.flatten(0, 1).std(0, unbiased=False)
    np.testing.assert_allclose(mean, tokens.mean((0, 1)), atol=1e-4)
    alive = np.arange(len(mean)) != 3
    np.testing.assert_allclose(deviation[alive], expected[alive], rtol=1e-3)
    assert deviation[3] == pytest.approx(1e-3 * deviation.max())


@pytest.mark.parametrize(("asked", "given"), [(8, 8), (7, 1), (12, 4)])
def test_heads_share_the_width_equally(asked, given):
    of_one = Asked(kind=multilabel, findings=["one"])
    assert attentive_probe.Gatherer(64, asked, of_one).pool.num_heads == given
