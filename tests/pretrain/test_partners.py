"""Partners are other images of the same patient: against a loop over all pairs."""

import itertools
import logging

import numpy as np
import pandas as pd
import pytest
import torch

from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.prepare import POOL
from workflow_scripts.ingest import person
from workflow_scripts.pretrain.partners import STUDIES, Partners, _view_group

DRAWS = 400  # of each image
VIEWS = ["PA", "AP", "LL", "LATERAL", None]


def pool(n=60, seed=0):
    """Few patients, few studies, all views, and everything missing here and there."""
    rng = np.random.default_rng(seed)
    patient = rng.integers(0, 9, n)
    study = patient * 10 + rng.integers(0, 3, n)
    table = pd.DataFrame(
        {
            "dataset": rng.choice(["archive", "clinic"], n),
            "image_id": [f"i{number}" for number in range(n)],
            "shard": 0,
            "row": np.arange(n),
            "patient_id": [None if p == 8 else f"p{p}" for p in patient],
            "study_id": [None if s % 10 == 2 else f"s{s}" for s in study],
            "view_position": [VIEWS[v] for v in rng.integers(0, len(VIEWS), n)],
        }
    )
    return POOL.check(table)


def group_of(view):
    return "unknown" if pd.isna(view) else "frontal" if view in ("PA", "AP") else "not"


def by_the_definition(table, study, same_view):
    """The candidates of every image, found by looking at every other image."""
    rows, found = table.to_dict("records"), []
    for number, image in enumerate(rows):
        candidates = []
        for other, seen in enumerate(rows):
            if other == number or pd.isna(image["patient_id"]):
                continue
            if pd.isna(seen["patient_id"]) or seen["patient_id"] != image["patient_id"]:
                continue
            known = not pd.isna(image["study_id"]) and not pd.isna(seen["study_id"])
            same = known and image["study_id"] == seen["study_id"]
            if study == "any" or same == (study == "same"):
                candidates.append(other)
        view = group_of(image["view_position"])
        alike = [c for c in candidates if group_of(rows[c]["view_position"]) == view]
        found.append((same_view and alike) or candidates or [number])
    return found


def drawn(table, n_draws=DRAWS, seed=1, **choices):
    """How often each image was the partner of each other, shape (images, images)."""
    partners = Partners(table, **choices)
    rows = torch.arange(len(table)).repeat(n_draws)
    given = partners.draw(rows, torch.Generator().manual_seed(seed))
    assert given.dtype == torch.int64
    counts = torch.zeros(len(table), len(table), dtype=torch.int64)
    counts.index_put_((rows, given), torch.ones_like(rows), accumulate=True)
    return counts


@pytest.mark.parametrize("study", STUDIES)
@pytest.mark.parametrize("same_view", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_every_candidate_of_the_definition_is_drawn_and_no_other(
    study, same_view, seed
):
    table = pool(seed=seed)
    counts = drawn(table, study=study, same_view=same_view)
    expected = by_the_definition(table, study, same_view)
    assert [row.nonzero()[0].tolist() for row in counts.numpy()] == expected


@pytest.mark.parametrize("study", STUDIES)
def test_candidates_are_drawn_equally_often(study):
    table = pool(n=30)
    counts = drawn(table, 4000, study=study).double()
    n_candidates = (counts > 0).sum(1, keepdim=True)
    expected = 4000 / n_candidates
    spread = (expected * (1 - 1 / n_candidates)).sqrt()
    off = ((counts - expected).abs() > 5 * spread) & (counts > 0)
    assert not off.any()


def test_a_frontal_view_is_paired_with_a_lateral_one_only_if_there_is_no_other():
    table = pool(n=3).assign(
        patient_id="p", study_id=["a", "b", "c"], view_position=["PA", "LL", "AP"]
    )
    counts = drawn(table)
    assert counts[0].tolist() == [0, 0, DRAWS]
    assert (counts[1] > 0).tolist() == [True, False, True]
    assert (drawn(table, same_view=False)[0] > 0).tolist() == [False, True, True]


def test_nobody_meets_the_patients_whom_nobody_knows():
    table = pool().assign(patient_id=pd.Series(dtype="string"))
    for study, same_view in itertools.product(STUDIES, (True, False)):
        partners = Partners(table, study, same_view=same_view)
        rows = torch.tensor([3, 3, 0, 59])
        assert torch.equal(partners.draw(rows, torch.Generator()), rows)


def test_the_log_says_how_many_have_partners(caplog):
    caplog.set_level(logging.INFO)
    table = pool()
    expected = by_the_definition(table, "other", same_view=True)
    n_paired = sum(found != [number] for number, found in enumerate(expected))
    assert 0 < n_paired < len(table)
    assert Partners(table).n_paired == n_paired
    assert f"{n_paired} of {len(table)} images have a partner" in caplog.text
    Partners(table[:1])
    assert "nobody has a second image" in caplog.text


def test_the_same_seed_draws_the_same_partners():
    first, same, other = (drawn(pool(), 20, seed=seed) for seed in (5, 5, 6))
    assert torch.equal(first, same)
    assert not torch.equal(first, other)


def test_an_empty_batch_and_an_empty_pool_have_no_partners():
    none = torch.zeros(0, dtype=torch.int64)
    for table in (pool(), pool()[:0]):
        assert len(Partners(table).draw(none, torch.Generator())) == 0


def test_another_word_for_the_study_is_refused():
    with pytest.raises(InputError, match="'next' is not one of other, same, any"):
        Partners(pool(), "next")


def test_ingestion_and_pairing_agree_on_what_is_frontal():
    known = pd.Series([*person.FRONTAL, *person.NOT_FRONTAL], dtype="string")
    expected = [0] * len(person.FRONTAL) + [1] * len(person.NOT_FRONTAL)
    assert _view_group(known).tolist() == expected
