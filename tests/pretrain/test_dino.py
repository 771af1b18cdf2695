"""DINO's loss, centre, schedules and held last layer, against the paper."""

import pytest
import torch

from tests.pretrain.toy import made, passed, views
from workflow_scripts.pretrain.methods.dino import dino_loss


def by_the_paper(student, teacher, centre, teacher_temperature):
    """Algorithm 1's H, summed over pairs of different views (equation 3)."""
    terms = []
    for t, teacher_view in enumerate(teacher):
        for s, student_view in enumerate(student):
            if s == t:
                continue
            for x, y in zip(teacher_view, student_view, strict=True):
                sharp = torch.softmax((x - centre) / teacher_temperature, 0)
                log_student = torch.log_softmax(y / 0.1, 0)
                terms.append(-float((sharp * log_student).sum()))
    return sum(terms) / len(terms)


@pytest.mark.parametrize("n_local", [0, 1, 3])
def test_the_loss_equals_equation_three_for_any_number_of_local_views(n_local):
    method = made("dino", local_views=n_local)
    assert (method.views, method.local_views) == (2, n_local)
    method.centre += torch.linspace(-0.1, 0.1, 6)
    centre = method.centre.clone()
    looks = views() + views(n_local, side=4, seed=3)
    found, (student,), (teacher,) = passed(method, looks, "head", "teacher_head")
    student, teacher = student.chunk(2 + n_local), teacher.chunk(2)
    expected = by_the_paper(student, teacher, centre, 0.04)
    assert found.item() == pytest.approx(expected, rel=1e-5)
    assert found.shape == ()
    mean = torch.cat(teacher).mean(0)
    torch.testing.assert_close(method.centre, 0.9 * centre + 0.1 * mean)


def test_a_student_that_says_what_the_teacher_says_costs_the_teachers_entropy():
    logits = torch.randn(1, 4, 6, generator=torch.Generator().manual_seed(0))
    said = torch.softmax(logits, -1)
    found = dino_loss(logits.expand(3, 4, 6), said.expand(2, 4, 6))
    entropy = -(said * said.log()).sum(-1).mean()
    torch.testing.assert_close(found, entropy)


def test_logits_are_cosines_whatever_the_length_of_the_last_layer():
    method = made("dino")
    features = torch.randn(5, 8, generator=torch.Generator().manual_seed(0))
    before = method.head(features)
    with torch.no_grad():
        method.head.last_layer.weight *= 3
    torch.testing.assert_close(method.head(features), before)
    assert before.abs().max() <= 1


@pytest.mark.parametrize(
    ("share", "temperature", "momentum"),
    [(0, 0.04, 0.996), (0.05, 0.055, None), (0.5, 0.07, 0.998), (1, 0.07, 1)],
)
def test_the_teacher_warms_and_follows_by_share_of_training(
    share, temperature, momentum
):
    method = made("dino")
    before = [p.clone() for p in method.teacher_encoder.parameters()]
    with torch.no_grad():
        for weight in method.encoder.parameters():
            weight.add_(1)
    method.after_step(share)
    assert method.teacher_temperature.item() == pytest.approx(temperature)
    if momentum is not None:
        for old, now in zip(before, method.teacher_encoder.parameters(), strict=True):
            torch.testing.assert_close(now, old + (1 - momentum))


def test_the_last_layer_is_held_at_first_and_the_rest_is_not():
    method = made("dino", frozen_share=0.5)
    optimiser = torch.optim.SGD(method.parameters(), lr=1.0)
    moved = []
    for share in (0.25, 0.5, 0.75):
        before = [p.detach().clone() for p in method.head.parameters()]
        optimiser.zero_grad()
        method(*views(seed=7)).backward()
        optimiser.step()
        method.after_step(share)
        after = list(method.head.parameters())
        moved.append(not torch.equal(before[-1], after[-1]))
        assert not torch.equal(before[0], after[0])
    assert moved == [False, False, True]


def test_no_gradient_reaches_the_teacher():
    method = made("dino")
    method(*views()).backward()
    teacher = [method.teacher_encoder, method.teacher_head]
    assert all(p.grad is None for part in teacher for p in part.parameters())
