"""Every finder keeps the contract, and says how sure it is."""

import pkgutil

import numpy as np
import pytest

from tests.prepare.shards import chest, lungs
from workflow_scripts.prepare import finders
from workflow_scripts.prepare.finders import SIDE, Squares, threshold
from workflow_scripts.prepare.lung_quality import dice, judged

WITHOUT_WEIGHTS = [
    module.name
    for module in pkgutil.iter_modules(finders.__path__)
    if module.name != "network"  # tests/prepare/test_lung_finder.py
]
DRAWN = np.stack([lungs(SIDE, SIDE) > 0] * 4)
NOISE = np.random.default_rng(1).integers(0, 256, (SIDE, SIDE))


def squares():
    """A chest drawn and not drawn, one colour, and noise."""
    flat = np.full((SIDE, SIDE), 90)
    pictures = np.stack([chest(SIDE, SIDE), chest(SIDE, SIDE, 1), flat, NOISE])
    known = np.array([True, False, False, False])
    drawn = DRAWN & known[:, None, None]
    return Squares(pictures=pictures.astype(np.uint8), drawn=drawn, known=known)


@pytest.fixture(scope="module", params=WITHOUT_WEIGHTS)
def answers(request):
    return finders.ready(request.param, None)(squares())


def test_a_finder_answers_for_every_picture(answers):
    assert answers.lungs.shape == (4, SIDE, SIDE)
    assert answers.lungs.dtype == np.bool_
    assert answers.agreement.shape == (4,)
    known = answers.agreement[~np.isnan(answers.agreement)]
    assert ((known >= 0) & (known <= 1)).all()


def test_a_finder_finds_the_lungs_of_a_plain_chest(answers):
    assert dice(answers.lungs[0], DRAWN[0]) > 0.8
    assert judged(answers.lungs[0], 1.0, answers.agreement[0]).quality > 0.8


def test_no_finder_is_sure_of_lungs_where_there_are_none(answers):
    for number in (2, 3):
        quality = judged(answers.lungs[number], 1.0, answers.agreement[number]).quality
        assert np.isnan(quality) or quality < 0.7


def test_no_finder_needs_company(answers, request):
    """What is found in a picture does not depend on the others of its batch."""
    name = request.node.callspec.params["answers"]
    all_of_them = squares()
    one = Squares(
        pictures=all_of_them.pictures[:1],
        drawn=all_of_them.drawn[:1],
        known=all_of_them.known[:1],
    )
    alone = finders.ready(name, None)(one)
    np.testing.assert_array_equal(alone.lungs[0], answers.lungs[0])


def test_drawn_lungs_are_given_back_and_nothing_is_said_of_others():
    found = finders.ready("drawn", None)(squares())
    np.testing.assert_array_equal(found.lungs[0], DRAWN[0])
    assert found.agreement[0] == 1
    assert not found.lungs[1].any()
    assert np.isnan(found.agreement[1:]).all()


@pytest.mark.parametrize("light", [0.6, 1.6])
def test_a_threshold_finds_the_same_lungs_in_another_exposure(light):
    known = squares()
    lit = (255 * (known.pictures / 255) ** light).astype(np.uint8)
    find = finders.ready("threshold", None)
    one = find(known).lungs[0]
    other = find(Squares(pictures=lit, drawn=known.drawn, known=known.known)).lungs[0]
    assert dice(one, other) > 0.9


def test_lungs_that_no_altered_copy_shows_are_not_agreed_upon(monkeypatch):
    def black(picture, gamma, slope):
        return np.zeros_like(picture)

    monkeypatch.setattr(threshold, "altered", black)
    found = finders.ready("threshold", None)(squares())
    assert found.lungs[0].any()
    assert found.agreement[0] == 0
