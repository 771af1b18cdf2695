"""SwAV's codes, loss, prototypes and queue, against the paper."""

import math

import pytest
import torch

from tests.pretrain.toy import made, passed, views
from workflow_scripts.pretrain.methods.swav import swapped_prediction


def codes_by_the_paper(scores, epsilon=0.05, iterations=3):
    """Equations 3 to 5 by loops: columns are images, rows prototypes."""
    q = [[math.exp(s / epsilon) for s in image] for image in scores.double().tolist()]
    n, k = len(q), len(q[0])
    for _ in range(iterations):
        for j in range(k):
            row = sum(q[i][j] for i in range(n))
            for i in range(n):
                q[i][j] /= row * k
        for i in range(n):
            column = sum(q[i])
            q[i] = [value / (column * n) for value in q[i]]
    return n * torch.tensor(q)


def by_the_paper(scores, codes, temperature=0.1):
    """Equation 2, one image, one code, one other view at a time."""
    terms = []
    for full, code in enumerate(codes):
        for view, score in enumerate(scores):
            if view == full:
                continue
            for q, s in zip(code, score, strict=True):
                p = torch.softmax(s / temperature, 0)
                terms.append(-float((q * p.log()).sum()))
    return sum(terms) / len(terms)


def scored(method, z, n_views):
    z = z / z.norm(dim=1, keepdim=True)
    return (z @ method.prototypes.weight.detach().T).chunk(n_views)


@pytest.mark.parametrize("n_local", [0, 1, 3])
def test_the_loss_equals_equation_two_for_any_number_of_local_views(n_local):
    method = made("swav", local_views=n_local)
    assert (method.views, method.local_views) == (2, n_local)
    looks = views() + views(n_local, side=4, seed=3)
    found, (z,) = passed(method, looks, "projection_head")
    scores = scored(method, z, 2 + n_local)
    codes = [codes_by_the_paper(score) for score in scores[:2]]
    assert found.item() == pytest.approx(by_the_paper(scores, codes), rel=1e-4)
    assert found.shape == ()


def test_views_that_agree_on_one_prototype_cost_nothing_and_none_costs_the_most():
    sure, code = 10 * torch.eye(3), torch.eye(3)
    assert swapped_prediction([sure, sure], [code, code], 0.1).item() < 1e-6
    blind = torch.zeros(3, 3)
    found = swapped_prediction([blind, blind], [code, code], 0.1)
    assert found.item() == pytest.approx(math.log(3))


def test_earlier_images_help_to_assign_once_the_queue_is_full():
    method = made("swav", queue_size=12, queue_from=0.1)
    earlier = []
    for step, share in enumerate([0.05, 0.2, 0.3, 0.4]):
        looks = views(seed=10 + step)
        found, (z,) = passed(method, looks, "projection_head")
        scores = scored(method, z[-12:], 2)
        used = earlier if len(earlier) == 2 else []
        codes = [
            codes_by_the_paper(
                torch.cat([score, *(scored(method, old, 2)[i] for old in used)])
            )[:6]
            for i, score in enumerate(scores)
        ]
        assert found.item() == pytest.approx(by_the_paper(scores, codes), rel=1e-4)
        if method.collecting:
            earlier = [z, *earlier][:2]
        method.after_step(share)
    assert len(earlier) == 2


def test_prototypes_are_held_at_first_then_move_and_keep_their_length():
    method = made("swav", frozen_share=0.5)
    optimiser = torch.optim.SGD(method.parameters(), lr=0.1)
    moved = []
    for share in (0.25, 0.5, 0.75, 1.0):
        before = method.prototypes.weight.detach().clone()
        torch.testing.assert_close(before.norm(dim=1), torch.ones(3))
        optimiser.zero_grad()
        method(*views()).backward()
        optimiser.step()
        method.after_step(share)
        moved.append(not torch.allclose(before, method.prototypes.weight))
    assert moved == [False, False, True, True]


def test_the_queue_and_what_waits_are_in_the_state():
    method = made("swav", queue_size=12, queue_from=0.0)
    method(*views())
    method.after_step(0.5)
    other = made("swav", seed=5, queue_size=12, queue_from=0.0)
    other.load_state_dict(method.state_dict())
    assert other.collected == 6
    assert torch.equal(other.queue, method.queue)
    for step in (1, 2):
        one, same = (made(*views(seed=step)) for made in (method, other))
        assert torch.equal(one, same)
