"""A decoder on any encoder draws what somebody drew."""

from itertools import islice

import numpy as np
import pytest
import timm
import torch

from tests.finetune.problems import problem
from workflow_scripts.core import encoders
from workflow_scripts.core.errors import InputError
from workflow_scripts.finetune import all_weights
from workflow_scripts.finetune.decoder import Segmenter, levels
from workflow_scripts.finetune.kinds import segmentation
from workflow_scripts.finetune.lessons import lessons
from workflow_scripts.finetune.protocols import fine_tune

ENCODERS = {
    "test_resnet": {},
    "densenet121": {},
    "test_convnext": {},
    "test_efficientnet": {},
    "test_vit": {"img_size": 64},
    "test_vit2": {"img_size": 64, "patch_size": 8},
    "swin_tiny_patch4_window7_224": {"img_size": 64, "window_size": 4},
}
OPTIONS = {
    "steps": 60,
    "batch_size": 16,
    "learning_rates": [0.005],
    "weight_decay": 0.01,
    "checks": 3,
    "layer_decay": 1.0,
    "patience": 0,
}


def build(name):
    torch.manual_seed(0)
    return timm.create_model(name, in_chans=1, num_classes=0, **ENCODERS[name])


def dice_one_by_one(said, drawn):
    """Agreement by counting pixels of one image after the other."""
    found = []
    for one, other in zip(said, drawn, strict=True):
        pixels = list(zip(one.ravel(), other.ravel(), strict=True))
        both = sum(a and b for a, b in pixels)
        each = sum(int(a) + int(b) for a, b in pixels)
        found.append([2 * both / each if each else 1.0])
    return np.array(found)


@pytest.mark.parametrize("name", ENCODERS)
def test_every_family_of_encoders_gets_a_decoder_that_has_nothing_to_say_yet(name):
    network = Segmenter(build(name)).train()
    images = torch.rand(2, 1, 64, 64)
    logits = network(images)
    assert logits.shape == (2, 1, 64, 64)
    assert not logits.any()
    torch.nn.init.normal_(network.decoder.said.weight)
    network(images).square().mean().backward()
    taught = [p.grad is not None for p in network.decoder.parameters()]
    assert all(taught)
    reached = [p for p in network.encoder.parameters() if p.grad is not None]
    assert len(reached) > 0.9 * len(list(network.encoder.parameters()))


@pytest.mark.parametrize("size_px", [32, 50, 63, 100])
def test_any_size_that_the_encoder_takes_comes_back(size_px):
    network = Segmenter(build("test_resnet")).eval()
    assert network(torch.rand(1, 1, size_px, size_px)).shape[2:] == (size_px, size_px)


def test_the_decoder_sees_the_maps_where_they_are():
    """What changes in one corner of the image changes the answer there the most."""
    torch.manual_seed(0)
    network = Segmenter(build("test_resnet")).eval()
    torch.nn.init.normal_(network.decoder.said.weight)
    images = torch.zeros(2, 1, 64, 64)
    images[1, :, 40:56, 8:24] = 1
    with torch.no_grad():
        dark, lit = network(images)
    changed = (lit - dark).abs()[0]
    row, column = divmod(int(changed.argmax()), 64)
    assert 32 <= row < 64
    assert 0 <= column < 32


def test_levels_are_strides_and_those_of_plain_tokens_are_depths():
    assert levels([2, 4, 8, 16, 32]) == {1: 0, 2: 1, 3: 2, 4: 3, 5: 4}
    assert levels([4, 8, 16, 32]) == {2: 0, 3: 1, 4: 2, 5: 3}
    assert levels([4, 8, 8, 16]) == {2: 0, 3: 2, 4: 3}  # the last of one stride
    assert levels([16] * 12) == {1: 2, 2: 5, 3: 8, 4: 11}
    assert levels([14] * 6) == {1: 0, 2: 2, 3: 3, 4: 5}
    assert levels([8] * 2) == {2: 0, 3: 1}


def test_an_encoder_whose_maps_nobody_can_tell_is_refused():
    with pytest.raises(InputError, match="choose another backbone"):
        Segmenter(torch.nn.Linear(3, 3))


@pytest.mark.parametrize("name", ["test_resnet", "test_vit"])
def test_the_decoder_learns_at_the_full_rate_and_layers_below_slower(name):
    network = Segmenter(build(name))
    groups = all_weights.weights_by_layer(network, 0.5, 0.01)
    scale = {id(p): g["lr_scale"] for g in groups for p in g["params"]}
    assert len(scale) == len(list(network.parameters()))
    assert {scale[id(p)] for p in network.decoder.parameters()} == {1}
    assert max(scale[id(p)] for p in network.encoder.parameters()) < 1


def test_dice_is_what_counting_pixels_gives():
    generator = np.random.default_rng(0)
    said, drawn = generator.integers(0, 2, (2, 6, 5, 5)).astype(np.uint8)
    drawn[1], drawn[2] = 0, 1
    found = segmentation.scored(said, drawn)
    assert found.shape == (6, 1)
    np.testing.assert_allclose(found, dice_one_by_one(said, drawn))
    assert segmentation.judged(said, drawn) == pytest.approx(found.mean())


def test_of_an_empty_mask_only_an_empty_answer_is_right():
    empty, full = np.zeros((1, 4, 4), np.uint8), np.ones((1, 4, 4), np.uint8)
    assert segmentation.scored(empty, empty) == [[1]]
    assert segmentation.scored(full, empty) == [[0]]
    assert segmentation.scored(empty, full) == [[0]]
    assert np.isnan(segmentation.judged(empty[:0], empty[:0]))


def test_the_loss_is_dice_of_each_image_and_cross_entropy_of_each_pixel():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(3, 1, 8, 8, generator=generator)
    answers = (torch.rand(3, 8, 8, generator=generator) < 0.3).float()
    chances = logits[:, 0].sigmoid()
    shared = (chances * answers).sum((1, 2))
    dice = 2 * shared / (chances.sum((1, 2)) + answers.sum((1, 2)))
    crossed = -(answers * chances.log() + (1 - answers) * (1 - chances).log())
    found = segmentation.loss(logits, answers, torch.ones(1))
    assert float(found) == pytest.approx(
        float((1 - dice).mean() + crossed.mean()), rel=1e-3
    )


def test_masks_move_exactly_as_their_images_do(tmp_path):
    """Each image is its own mask, so that what is drawn can be seen in it."""
    given = problem(tmp_path, kind="segmentation")
    masks = given.images.masks
    given.images.read_pixels = lambda: masks * np.uint8(255)
    card = encoders.load(given.images.encoder, given.images.card)[1]
    for images, drawn in islice(lessons(given, card, 16, seed=3), 4):
        seen = images[:, 0] * card.deviation + card.mean
        darkest, brightest = (seen.amin((1, 2)), seen.amax((1, 2)))
        middle = (darkest + brightest)[:, None, None] / 2
        assert set(drawn.unique().tolist()) == {0.0, 1.0}
        # relit by some gamma, an edge of half brightness lies a little elsewhere
        agreement = segmentation.scored((seen > middle).numpy(), drawn.numpy())
        assert agreement.min() > 0.85
        assert agreement.mean() > 0.95


def test_fine_tuning_learns_to_draw_and_what_it_saves_draws_the_same(tmp_path):
    given = problem(tmp_path, kind="segmentation")
    untaught = fine_tune.fit(given, OPTIONS | {"steps": 1, "checks": 1}, seed=1)
    fitted = fine_tune.fit(given, OPTIONS, seed=1)
    said = fine_tune.score(fitted.weights, given.images, given.asked)
    assert said.shape == given.images.masks.shape
    assert said.dtype == np.uint8
    drawn = given.images.masks
    others = given.validation
    taught = segmentation.judged(said[others], drawn[others])
    assert taught > 0.85
    (chosen,) = [tried for tried in fitted.tried if tried.chosen]
    assert chosen.validation_score == pytest.approx(taught)
    first = fine_tune.score(untaught.weights, given.images, given.asked)
    assert segmentation.judged(first[others], drawn[others]) < taught - 0.3


def test_folds_choose_among_the_labelled_masks_alone(tmp_path):
    given = problem(tmp_path, n=24, kind="segmentation")
    half = len(given.labelled) // 2
    one, other = given.labelled[:half], given.labelled[half:]
    given.folds = [(one, other), (other, one)]
    rates = [1e-6, 0.005]
    options = OPTIONS | {"steps": 6, "batch_size": 4, "learning_rates": rates}
    fitted = fine_tune.fit(given, options, seed=1)
    assert [tried.steps for tried in fitted.tried] == [12, 18]
    assert [tried.chosen for tried in fitted.tried] == [False, True]


@pytest.mark.parametrize("seed", range(6))
def test_a_decoder_soon_says_yes_whatever_it_began_with(seed):
    """Small things on a large ground: features that are never negative said no."""
    torch.manual_seed(seed)
    network = Segmenter(build("test_resnet"))
    torch.manual_seed(seed)
    network.decoder.apply(lambda m: getattr(m, "reset_parameters", int)())
    torch.nn.init.zeros_(network.decoder.said.weight)
    torch.nn.init.zeros_(network.decoder.said.bias)
    drawn = torch.zeros(8, 32, 32)
    drawn[:, 8:18, 6:16] = 1
    images = drawn[:, None] + 0.1 * torch.randn(8, 1, 32, 32)
    optimiser = torch.optim.AdamW(network.parameters(), lr=0.003)
    for _ in range(12):
        optimiser.zero_grad()
        logits = network(images)
        segmentation.loss(logits, drawn, torch.ones(1)).backward()
        optimiser.step()
    assert segmentation.judged(segmentation.said(logits).numpy(), drawn.numpy()) > 0.5
