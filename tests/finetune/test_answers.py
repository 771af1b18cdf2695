"""Every protocol answers classes and levels too, and its answers fit together."""

import dataclasses
import pkgutil

import numpy as np
import pytest
import torch

from tests.finetune.problems import macro_auroc, problem
from tests.finetune.test_protocols import fitted
from workflow_scripts.finetune import kinds, protocols
from workflow_scripts.finetune.protocols import Asked

PROTOCOLS = [module.name for module in pkgutil.iter_modules(protocols.__path__)]
FINDINGS = {"multiclass": ["bright", "left", "right"], "ordinal": ["dark", "bright"]}


def with_kind(folder, kind):
    """Return the small problem with three classes or levels.

    A square is bright, or dark and left, or dark and right. Of levels the first is
    bright, so that "at least dark" and "at least dark and right" are asked.
    """
    given = problem(folder)
    bright, left = given.targets.T
    classes = np.column_stack([bright, (1 - bright) * left, (1 - bright) * (1 - left)])
    classes[np.isnan(classes).any(axis=1)] = np.nan
    targets = classes if kind == "multiclass" else 1 - classes[:, [0]]
    if kind == "ordinal":
        targets = np.column_stack([targets, classes[:, 2]])
    asked = Asked(kind=kinds.load(kind), findings=FINDINGS[kind])
    return dataclasses.replace(given, targets=targets, asked=asked)


@pytest.mark.parametrize("kind", ["multiclass", "ordinal"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_classes_and_levels_are_learned_and_chances_fit_together(
    protocol, kind, tmp_path
):
    given = with_kind(tmp_path, kind)
    weights = fitted(protocol, given).weights
    said = protocols.load(protocol).score(weights, given.images, given.asked)
    assert said.shape == given.targets.shape
    assert ((said >= 0) & (said <= 1)).all()
    if kind == "multiclass":
        np.testing.assert_allclose(said.sum(axis=1), 1, rtol=1e-5)
    else:
        assert (np.diff(said, axis=1) <= 0).all()
    rows = given.validation
    assert macro_auroc(given.targets[rows, :1], said[rows, :1]) > 0.9


@pytest.mark.parametrize("name", ["multilabel", "multiclass", "ordinal"])
def test_questions_agree_in_a_network_as_they_do_outside(name):
    kind = kinds.load(name)
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(40, 4, generator=generator) * 4
    inside = kind.said(kind.together(logits)).numpy()
    outside = kind.coherent(logits.double().sigmoid().numpy())
    np.testing.assert_allclose(inside, outside, rtol=1e-5, atol=1e-6)
