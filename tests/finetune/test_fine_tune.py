"""Fine-tuning moves every weight, and counts only what is known."""

import numpy as np
import pytest
import timm
import torch
from timm.optim import param_groups_layer_decay
from torch.nn import functional

from tests.finetune.problems import problem
from workflow_scripts.core import encoders
from workflow_scripts.core.errors import InputError
from workflow_scripts.finetune import all_weights, lessons, networks
from workflow_scripts.finetune.kinds import multilabel
from workflow_scripts.finetune.protocols import fine_tune

OPTIONS = {
    "steps": 6,
    "batch_size": 16,
    "learning_rates": [0.01, 0.001],
    "weight_decay": 0.01,
    "checks": 2,
    "layer_decay": 1.0,
    "patience": 0,
}


def test_unknown_targets_do_not_count():
    logits = torch.tensor([[0.3, -1.0], [2.0, 0.5]])
    targets = torch.tensor([[1.0, torch.nan], [0.0, 1.0]])
    known = [(0.3, 1.0), (2.0, 0.0), (0.5, 1.0)]
    expected = np.mean(
        [
            functional.binary_cross_entropy_with_logits(
                torch.tensor(logit), torch.tensor(target)
            ).item()
            for logit, target in known
        ]
    )
    assert multilabel.loss(logits, targets, torch.ones(2)).item() == pytest.approx(
        expected
    )


def test_a_batch_without_any_known_target_costs_nothing():
    nothing = multilabel.loss(
        torch.ones(2, 1), torch.full((2, 1), torch.nan), torch.ones(1)
    )
    assert nothing.item() == 0


def test_all_weights_of_the_encoder_move_and_its_file_does_not(tmp_path):
    given = problem(tmp_path)
    before = given.images.encoder.read_bytes()
    start, _ = encoders.load(given.images.encoder, given.images.card)
    fitted = fine_tune.fit(given, OPTIONS, seed=0)
    for name, weight in start.named_parameters():
        assert not np.array_equal(fitted.weights[f"encoder.{name}"], weight.detach())
    assert given.images.encoder.read_bytes() == before


def test_every_learning_rate_is_tried_on_the_same_number_of_steps(tmp_path):
    tried = fine_tune.fit(problem(tmp_path), OPTIONS, seed=0).tried
    assert [one.candidate for one in tried] == [
        "learning_rate 0.01",
        "learning_rate 0.001",
    ]
    assert [one.steps for one in tried] == [OPTIONS["steps"]] * 2


def test_a_pass_sees_each_image_once():
    rows = lessons.endless(10, 5, torch.Generator())
    seen = torch.cat([next(rows), next(rows)])
    assert sorted(seen.tolist()) == list(range(10))


def test_an_image_that_would_be_alone_in_a_batch_comes_twice():
    assert next(lessons.endless(1, 5, torch.Generator())).tolist() == [0, 0]
    assert next(lessons.endless(3, 1, torch.Generator())).unique().numel() == 1


def test_patience_ends_a_training_that_gains_no_more_and_says_when(tmp_path):
    given = problem(tmp_path)
    given.targets[given.validation] = np.nan  # so that no look sees a gain
    options = OPTIONS | {"steps": 20, "checks": 10, "patience": 3}
    tried = fine_tune.fit(given, options, seed=0).tried
    assert [one.steps for one in tried] == [8, 8]


def test_patience_that_is_not_lost_changes_no_bit(tmp_path):
    given = problem(tmp_path)
    options = OPTIONS | {"learning_rates": [0.01]}
    plain = fine_tune.fit(given, options, seed=0).weights
    patient = fine_tune.fit(given, options | {"patience": 2}, seed=0).weights
    for key, value in plain.items():
        np.testing.assert_array_equal(value, patient[key])


def network(backbone, **arguments):
    encoder = timm.create_model(backbone, in_chans=1, num_classes=0, **arguments)
    return networks.Network(encoder, encoder.num_features, 2)


@pytest.mark.parametrize("backbone", ["test_resnet", "test_vit", "resnet18"])
def test_each_layer_below_the_classifier_learns_slower_by_the_same_share(backbone):
    given = network(backbone)
    groups = all_weights.weights_by_layer(given, 0.5, 0.01)
    scale = {id(w): group["lr_scale"] for group in groups for w in group["params"]}
    assert len(scale) == len(list(given.parameters()))
    assert sum(len(group["params"]) for group in groups) == len(scale)
    assert {group["weight_decay"] for group in groups} == {0.01}
    assert scale[id(given.classifier.weight)] == scale[id(given.classifier.bias)] == 1
    below = {scale[id(weight)] for weight in given.encoder.parameters()}
    assert below == {0.5**depth for depth in range(1, len(below) + 1)}
    stem = getattr(given.encoder, "patch_embed", given.encoder)
    assert scale[id(next(stem.parameters()))] == min(below)


def test_layers_are_those_of_timm_for_a_network_with_its_own_classifier():
    whole = timm.create_model("test_vit", in_chans=1, num_classes=2)
    groups = param_groups_layer_decay(whole, layer_decay=0.7)
    names = {id(weight): name for name, weight in whole.named_parameters()}
    theirs = {
        names[id(w)]: group["lr_scale"] for group in groups for w in group["params"]
    }
    given = network("test_vit")
    groups = all_weights.weights_by_layer(given, 0.7, 0.01)
    scale = {id(w): group["lr_scale"] for group in groups for w in group["params"]}
    for name, weight in given.encoder.named_parameters():
        assert scale[id(weight)] == theirs[name]


def test_layer_decay_leaves_the_encoder_nearer_to_where_it_began(tmp_path):
    given = problem(tmp_path)
    start, _ = encoders.load(given.images.encoder, given.images.card)
    first = next(iter(dict(start.named_parameters())))
    moves = []
    for decay in (1.0, 0.1):
        options = OPTIONS | {"layer_decay": decay, "learning_rates": [0.01]}
        fitted = fine_tune.fit(given, options, seed=0)
        begun = start.get_parameter(first).detach().numpy()
        moves.append(np.abs(fitted.weights[f"encoder.{first}"] - begun).max())
    assert moves[1] < 0.1 * moves[0]


def test_a_rate_at_which_training_breaks_down_is_not_chosen(tmp_path):
    given = problem(tmp_path)
    broken = lessons.Best()
    scores = np.full((len(given.validation), 2), np.nan)
    broken.offer(given, scores, torch.nn.Linear(1, 1), 1)
    sound = lessons.Best(value=0.6, state={"weight": torch.ones(1)})
    both = lambda _problem, _rates: [broken, sound]  # noqa: E731
    fitted = lessons.fitted(given, [9.0, 1.0], both, "learning_rate")
    assert [one.chosen for one in fitted.tried] == [False, True]
    broken.state = {"weight": torch.tensor([torch.nan])}
    with pytest.raises(InputError, match="choose lower learning_rates"):
        lessons.fitted(given, [9.0], lambda *_: [broken], "learning_rate")
