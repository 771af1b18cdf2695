"""Every kind of task keeps its contract; members have tests of their own besides."""

import pkgutil

import numpy as np
import pytest
import timm
import torch

from workflow_scripts.finetune import kinds

NAMES = [module.name for module in pkgutil.iter_modules(kinds.__path__)]
N_IMAGES, N_FINDINGS, SIZE = 6, 3, 32


@pytest.fixture(params=NAMES)
def kind(request):
    return kinds.load(request.param)


def findings_of(kind):
    """How many findings an image is asked for: pictures are asked for one."""
    return 1 if kind.PIXELS else N_FINDINGS


def network_of(kind):
    torch.manual_seed(0)
    encoder = timm.create_model("test_resnet", in_chans=1, num_classes=0)
    return kind.network(encoder, encoder.num_features, findings_of(kind))


def answers_of(kind):
    """Answers that every kind could have: of findings, one and no other is present."""
    if kind.PIXELS:
        masks = np.zeros((N_IMAGES, SIZE, SIZE), np.float32)
        masks[:, 8:20, 4:16] = 1
        return masks
    return np.eye(N_FINDINGS, dtype=np.float32)[np.arange(N_IMAGES) % N_FINDINGS]


def images():
    return torch.rand(
        (N_IMAGES, 1, SIZE, SIZE), generator=torch.Generator().manual_seed(2)
    )


def test_a_new_network_says_the_same_of_every_image(kind):
    network = network_of(kind).eval()
    with torch.no_grad():
        logits = network(images())
    assert len(logits) == N_IMAGES
    assert (logits == logits[:1]).all()


def test_weights_have_the_same_names_each_time_and_bring_the_network_back(kind):
    taught = network_of(kind)
    with torch.no_grad():
        for weight in taught.parameters():
            weight += 0.01
    state = taught.state_dict()
    again = network_of(kind)
    assert list(again.state_dict()) == list(state)
    again.load_state_dict(state)
    with torch.no_grad():
        assert torch.equal(again.eval()(images()), taught.eval()(images()))


def test_a_step_down_the_loss_makes_it_smaller_and_moves_the_encoder_too(kind):
    network = network_of(kind)
    answers, more = torch.from_numpy(answers_of(kind)), torch.ones(findings_of(kind))
    optimiser = torch.optim.Adam(network.parameters(), lr=0.001)
    first = {k: v.clone() for k, v in network.encoder.named_parameters()}
    losses = []
    for _ in range(20):
        found = kind.loss(network(images()), answers, more)
        assert found.shape == ()
        losses.append(found.item())
        optimiser.zero_grad()
        found.backward()
        optimiser.step()
    assert losses[-1] < 0.95 * losses[0]
    assert any(
        not torch.equal(v, first[k]) for k, v in network.encoder.named_parameters()
    )


def test_what_is_said_is_scored_for_each_finding_from_0_to_1(kind):
    answers = answers_of(kind)
    with torch.no_grad():
        said = kind.said(network_of(kind).eval()(images())).numpy()
    assert len(said) == N_IMAGES
    assert ((said >= 0) & (said <= 1)).all()
    scores = kind.scored(said, answers)
    assert scores.shape == (N_IMAGES, findings_of(kind))
    assert scores.dtype == np.float64


def test_the_right_answer_is_liked_best(kind):
    answers = answers_of(kind)
    right = kind.judged(answers, answers)
    assert right == pytest.approx(1)
    assert kind.judged(1 - answers, answers) < right


def test_of_no_image_nothing_can_be_told(kind):
    none = answers_of(kind)[:0]
    assert np.isnan(kind.judged(none, none))
