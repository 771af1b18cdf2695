"""Batch norms of two processes are torch's own of one process with the whole batch."""

import pytest
import torch

from tests.pretrain import together
from workflow_scripts.pretrain.batch_norm import synchronised


@pytest.fixture(scope="module")
def of_two(tmp_path_factory):
    return together.of_two("norms", tmp_path_factory.mktemp("norms"))


@pytest.mark.parametrize(
    ("precision", "error"),
    [("float64", 1e-11), ("float32", 3e-4)],  # torch's own is off by 1e-4 in float32
)
def test_two_processes_find_output_gradient_and_statistics_of_one(
    of_two, precision, error
):
    one = together.learnt(together.normed(getattr(torch, precision)))
    within = {"rtol": error, "atol": error}
    outs = [found[precision]["out"] for found in of_two]
    torch.testing.assert_close(torch.cat(outs), one["out"], **within)
    for found in of_two:
        for part in ("gradients", "state"):
            torch.testing.assert_close(found[precision][part], one[part], **within)


def test_statistics_of_bfloat16_are_taken_in_float32(of_two):
    maps = together.coarse().double().transpose(0, 1).flatten(1)
    for found in of_two:
        half = found["bfloat16"]
        assert half["out"].dtype == torch.bfloat16
        mean, variance = half["mean"].double(), half["var"].double()
        torch.testing.assert_close(mean, 0.1 * maps.mean(1), rtol=1e-6, atol=0)
        expected = 0.9 + 0.1 * maps.var(1)
        torch.testing.assert_close(variance, expected, rtol=1e-6, atol=0)


@pytest.mark.parametrize("fact", ["kinds", "keys", "evaluation", "copies"])
def test_nothing_else_is_changed(of_two, fact):
    assert all(found[fact] for found in of_two)


def test_a_norm_with_a_way_of_its_own_is_refused_by_name(of_two):
    assert of_two[0]["refusal"] == "SplitBatchNorm2d cannot be synchronised"


def test_a_process_alone_keeps_the_very_model():
    network = together.normed()
    assert synchronised(network) is network
    assert not any("forward" in vars(part) for part in network.modules())
