"""Neighbours vote as the definition says, and only those that know."""

import numpy as np
import pytest

from tests.finetune.problems import problem
from workflow_scripts.finetune.protocols import knn


def by_definition(bank, labels, asked, count):
    """Wu et al. 2018, section 3.4, image by image and finding by finding."""
    scores = np.full((len(asked), labels.shape[1]), 0.5)
    for row, image in enumerate(asked):
        for column, label in enumerate(labels.T):
            voters = np.flatnonzero(~np.isnan(label))
            if not len(voters):
                continue
            cosine = [
                image @ bank[v] / np.linalg.norm(image) / np.linalg.norm(bank[v])
                for v in voters
            ]
            nearest = np.argsort(cosine)[::-1][:count]
            weight = np.exp(np.array(cosine)[nearest] / 0.07)
            scores[row, column] = weight @ label[voters[nearest]] / weight.sum()
    return scores


@pytest.mark.parametrize("count", [1, 3, 7, 1000])
def test_equals_the_definition_with_unknown_labels_left_out(count):
    generator = np.random.default_rng(count)
    bank, asked = (generator.normal(size=(n, 6)).astype(np.float32) for n in (40, 9))
    labels = generator.integers(0, 2, (40, 4)).astype(np.float32)
    labels[generator.random((40, 4)) < 0.3] = np.nan
    labels[:, 3] = np.nan
    found = knn.votes(knn.unit(bank), labels, knn.unit(asked), [count])[0]
    expected = by_definition(bank, labels, asked, count)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_blocks_of_images_do_not_change_what_is_said(monkeypatch):
    generator = np.random.default_rng(0)
    bank, asked = (knn.unit(generator.normal(size=(n, 5))) for n in (30, 11))
    labels = generator.integers(0, 2, (30, 2)).astype(np.float32)
    whole = knn.votes(bank, labels, asked, [3, 9])
    monkeypatch.setattr(knn, "AT_ONCE", 4)
    np.testing.assert_allclose(knn.votes(bank, labels, asked, [3, 9]), whole)


def test_each_count_is_tried_for_each_finding_and_of_equals_the_most_vote(tmp_path):
    given = problem(tmp_path)
    given.targets[given.validation] = np.nan  # validation cannot tell
    fitted = knn.fit(given, {"neighbours": [5, 1000, 2000]}, seed=0)
    assert fitted.weights["neighbours"].tolist() == [2000, 2000]
    assert [(one.finding, one.candidate) for one in fitted.tried] == [
        (finding, f"neighbours {count}")
        for finding in given.asked.findings
        for count in (2000, 1000, 5)
    ]


def test_features_without_any_length_are_still_voted_on():
    bank = knn.unit(np.eye(3, dtype=np.float32))
    nothing = knn.unit(np.zeros((1, 3), np.float32))
    labels = np.array([[1], [0], [0]], np.float32)
    assert knn.votes(bank, labels, nothing, [3]).item() == pytest.approx(1 / 3)
