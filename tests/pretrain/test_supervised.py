"""The supervised loss is the mean over known labels, taken one at a time."""

import math

import pytest
import torch
from torch import nn

from workflow_scripts.pretrain.methods import Shape, supervised

FINDINGS = 3
SHARES = (0.5, 0.1, 0.75)


def made(**options):
    torch.manual_seed(0)
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(64, 8))
    shape = Shape(
        width=8, map_width=8, size_px=8, findings=FINDINGS, present_shares=SHARES
    )
    return supervised.Method(encoder, shape, supervised.Options(**options))


def batch(n=5):
    generator = torch.Generator().manual_seed(1)
    images = torch.randn(n, 1, 8, 8, generator=generator)
    targets = torch.randint(0, 2, (n, FINDINGS), generator=generator).float()
    unknown = torch.rand(n, FINDINGS, generator=generator) < 0.4
    return images, targets.masked_fill(unknown, torch.nan)


def by_the_definition(logits, targets, weigh=lambda finding, truth: 1):
    """Minus the logarithm of what the truth was given, over all that is known."""
    losses = []
    for row in range(len(targets)):
        for finding in range(FINDINGS):
            truth = float(targets[row, finding])
            if math.isnan(truth):
                continue
            score = 1 / (1 + math.exp(-float(logits[row, finding])))
            given = score if truth == 1 else 1 - score
            losses.append(-math.log(given) * weigh(finding, truth))
    return sum(losses) / len(losses)


def test_the_loss_is_the_mean_cross_entropy_of_the_known_labels():
    method = made()
    images, targets = batch()
    logits = method.classifier(method.encoder(images)).detach()
    found = method(images, targets=targets)
    assert 0 < targets.isnan().sum() < targets.numel()
    assert found.item() == pytest.approx(by_the_definition(logits, targets), rel=1e-5)


def test_balanced_present_and_absent_labels_weigh_the_same_in_all():
    method = made(balanced=True)
    images, targets = batch()
    logits = method.classifier(method.encoder(images)).detach()

    def weigh(finding, truth):
        share = SHARES[finding]
        by_chexnet = {1: 1 - share, 0: share}  # |N| and |P| over |P| + |N|
        return by_chexnet[truth] / (2 * share * (1 - share))

    for finding, share in enumerate(SHARES):
        present, absent = share * weigh(finding, 1), (1 - share) * weigh(finding, 0)
        assert (present, absent) == (pytest.approx(0.5), pytest.approx(0.5))
    found = method(images, targets=targets).item()
    assert found == pytest.approx(by_the_definition(logits, targets, weigh), rel=1e-5)


def test_what_is_unknown_moves_nothing():
    images, targets = batch()
    targets[:, 1] = torch.nan
    targets[2] = torch.nan
    method = made()
    method(images, targets=targets).backward()
    assert not method.classifier.weight.grad[1].any()
    assert not method.classifier.bias.grad[1]
    images.requires_grad_()
    method(images, targets=targets).backward()
    moved = images.grad.flatten(1).any(1)
    assert moved.tolist() == (~targets.isnan()).any(1).tolist()


def test_a_batch_of_which_nothing_is_known_has_no_loss_and_stands_still():
    method = made()
    images, targets = batch()
    loss = method(images, targets=torch.full_like(targets, torch.nan))
    assert loss.item() == 0
    loss.backward()
    for weight in method.parameters():
        assert torch.equal(weight.grad, torch.zeros_like(weight))


def test_equal_parts_of_a_batch_add_up_to_its_loss_over_processes(monkeypatch):
    method = made()
    images, targets = batch(n=6)
    whole = method(images, targets=targets)
    monkeypatch.setattr(supervised, "processes", lambda: 2)
    n_known = (~targets.isnan()).sum()
    monkeypatch.setattr(supervised, "summed", lambda _: n_known)
    parts = [
        method(images[part], targets=targets[part])
        for part in (slice(0, 3), slice(3, 6))
    ]
    torch.testing.assert_close(torch.stack(parts).mean(), whole)


def test_the_loss_is_computed_in_float32_under_autocast():
    method, caught = made(), []
    images, targets = batch()
    method.classifier.register_forward_hook(lambda _, __, out: caught.append(out))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = method(images, targets=targets)
    assert caught[0].dtype == torch.bfloat16
    assert found.dtype == torch.float32
    expected = by_the_definition(caught[0].detach().float(), targets)
    assert found.item() == pytest.approx(expected, rel=1e-5)


def test_without_findings_there_is_nothing_to_learn():
    shape = Shape(width=8, map_width=8, size_px=8)
    with pytest.raises(ValueError, match="there are none"):
        supervised.Method(nn.Identity(), shape, supervised.Options())


def test_it_learns_which_images_are_bright():
    generator = torch.Generator().manual_seed(3)
    bright = torch.randint(0, 2, (64, 1), generator=generator).float()
    images = torch.randn(64, 1, 8, 8, generator=generator) + bright.view(-1, 1, 1, 1)
    targets = torch.cat([bright, 1 - bright, torch.full_like(bright, torch.nan)], 1)
    method = made()
    optimiser = torch.optim.Adam(method.parameters(), lr=0.01)
    for _ in range(60):
        optimiser.zero_grad()
        loss = method(images, targets=targets)
        loss.backward()
        optimiser.step()
    scores = method.classifier(method.encoder(images))
    assert ((scores[:, 0] > 0) == (bright[:, 0] > 0)).float().mean() > 0.95
    assert ((scores[:, 1] > 0) == (bright[:, 0] == 0)).float().mean() > 0.95
