"""MoCo's loss and its slow copies, against the paper's definitions."""

import torch
from torch import nn
from torch.nn import functional

from workflow_scripts.pretrain.methods import Shape, moco

OPTIONS = moco.Options(
    projection_width=4, hidden_width=8, queue_size=6, temperature=0.2, momentum=0.9
)


def method():
    torch.manual_seed(0)
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(64, 8))
    return moco.Method(encoder, Shape(width=8, map_width=8, size_px=8), OPTIONS)


def views(n=3):
    return torch.randn(2, n, 1, 8, 8, generator=torch.Generator().manual_seed(1))


def by_the_paper(query, key, queue, temperature):
    """Equation 1, one query at a time; its key is the first of the candidates."""
    query, key = functional.normalize(query, dim=1), functional.normalize(key, dim=1)
    total = 0.0
    for q, k in zip(query, key, strict=True):
        candidates = torch.stack([q @ k, *(q @ other for other in queue)])
        total += -torch.log_softmax(candidates / temperature, 0)[0]
    return total / len(query)


def test_the_loss_equals_equation_one():
    made = method()
    first, second = views()
    made(first, second)  # fills three places of the queue
    queue = made.loss.memory_bank.bank.detach().clone()
    with torch.no_grad():
        query = made.projection_head(made.encoder(first))
        key = made.momentum_head(made.momentum_encoder(second))
        found = made(first, second)
    expected = by_the_paper(query, key, queue.T if queue.shape[0] == 4 else queue, 0.2)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def test_the_slow_copies_follow_by_the_momentum():
    made = method()
    with torch.no_grad():
        for weight in made.encoder.parameters():
            weight.add_(1)
    fast = [p.detach().clone() for p in made.encoder.parameters()]
    slow = [p.detach().clone() for p in made.momentum_encoder.parameters()]
    made.after_step(0.5)
    for f, s, now in zip(fast, slow, made.momentum_encoder.parameters(), strict=True):
        torch.testing.assert_close(now, 0.9 * s + 0.1 * f)


def test_no_gradient_reaches_the_slow_copies():
    made = method()
    made(*views()).backward()
    assert all(p.grad is None for p in made.momentum_encoder.parameters())


def test_the_loss_is_computed_in_float32_under_autocast():
    made, caught = method(), []
    queue = made.loss.memory_bank.bank.detach().clone()
    for head in (made.projection_head, made.momentum_head):
        head.register_forward_hook(lambda _, __, out: caught.append(out.float()))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = made(*views())
    expected = by_the_paper(*caught, queue, 0.2)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
