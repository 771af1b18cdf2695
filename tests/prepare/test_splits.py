"""A patient is in one part only, stays there, and each part has every finding."""

import hashlib
import logging
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.ingest import IMAGES, STRATA
from workflow_scripts.core.tables.prepare import SPLITS
from workflow_scripts.prepare import splits, strata
from workflow_scripts.prepare.chance import chance
from workflow_scripts.prepare.splits import Recipe

LABELLED = Recipe(role="labelled", validation_share=0.15, test_share=0.3, seed=1)
SHARES = {"test": 0.3, "validation": 0.15}
PARTS = {"train", "validation", "test"}


def people(n, start=0):
    return [f"p{number}" for number in range(start, start + n)]


def sick(patients, prevalences, seed=0):
    """Findings that come together, as STRATA; a patient's do not depend on others."""
    rows = []
    for patient in patients:
        generator = np.random.default_rng([seed, int(patient[1:])])
        shared = generator.random()
        for finding, prevalence in prevalences.items():
            if (shared + generator.random()) % 1 < prevalence:
                rows.append((patient, finding))
    return pd.DataFrame(rows, columns=list(STRATA.key))


def split(folder, patients, findings=None, recipe=LABELLED, official=None):
    """Run the step; return the part of each image, by patient."""
    folder.mkdir(exist_ok=True)
    owners = np.repeat(patients, 2)
    table = IMAGES.empty().reindex(range(len(owners)))
    filled = {
        name: "x" if column.dtype == "string" else 1
        for name, column in IMAGES.columns.items()
        if column.required
    }
    names = [f"i{number}-{owner}" for number, owner in enumerate(owners)]
    table = table.assign(**filled).assign(image_id=names, patient_id=owners)
    if official is not None:
        table["official_split"] = table["patient_id"].map(official)
    IMAGES.write(table, folder / "images")
    STRATA.write(STRATA.empty() if findings is None else findings, folder / "strata")
    splits.main(
        images=folder / "images",
        strata=folder / "strata",
        recipe=recipe,
        splits=folder / ".partial-1-splits.parquet",
    )
    done = SPLITS.read(folder / ".partial-1-splits.parquet")
    assert done["image_id"].tolist() == names
    parts = pd.Series(done["split"].to_numpy(), index=owners)
    assert parts.groupby(level=0).nunique().max() == 1
    return parts[~parts.index.duplicated()]


def of(parts, findings, finding):
    return parts[findings.loc[findings["finding"] == finding, "patient_id"]]


def test_the_shares_are_what_was_asked(tmp_path):
    part = split(tmp_path, people(1000)).value_counts()
    assert part["test"] == pytest.approx(300, rel=strata.NEAR)
    assert part["validation"] == pytest.approx(150, rel=strata.NEAR)


def entangled(n, n_findings, seed, *, rarest=0.01, strength=0.5):
    """Chances of patients, and findings that mostly come together."""
    generator = np.random.default_rng(seed)
    patients = people(n)
    alone = generator.standard_normal((n, n_findings))
    severity = generator.standard_normal((n, 1))
    level = np.sqrt(strength) * severity + np.sqrt(1 - strength) * alone
    rates = np.geomspace(rarest, 0.4, n_findings)
    has = level > [np.quantile(level, 1 - rate) for rate in rates]
    chances = [chance("split", seed, patient) for patient in patients]
    return pd.Series(chances, patients), pd.DataFrame(has, index=patients)


NOBODY = pd.Series(dtype="string")


@pytest.mark.parametrize("seed", range(8))
def test_every_part_has_its_share_of_every_finding(seed):
    chances, has = entangled(1000, 10, seed)
    part = strata.stratified(chances, has, NOBODY, SHARES)
    for finding in has:
        for name, share in SHARES.items():
            wanted = share * has[finding].sum()
            count = (part[has[finding]] == name).sum()
            assert abs(count - wanted) <= max(1, strata.NEAR * wanted)


@pytest.mark.parametrize("shares", [SHARES, {"test": 0.8, "validation": 0.15}])
@pytest.mark.parametrize("seed", range(12))
def test_three_patients_with_a_finding_are_enough_for_every_part(seed, shares):
    """Even where many findings share few patients."""
    chances, has = entangled(60, 14, seed, rarest=0.02, strength=0.95)
    part = strata.stratified(chances, has, NOBODY, shares)
    for finding in has:
        if has[finding].sum() >= 3:
            assert set(part[has[finding]]) == PARTS


def test_no_cut_is_moved_where_chance_alone_does_well():
    chances = np.linspace(0, 1, 4000, endpoint=False)
    ill = np.arange(4000) % 7 == 0
    shuffled = np.random.default_rng(0).permutation(4000)
    chances = pd.Series(chances[shuffled], people(4000))
    has = pd.DataFrame({"effusion": ill[shuffled]}, index=people(4000))
    part = strata.stratified(chances, has, NOBODY, SHARES)
    assert ((part == "test") == (chances < 0.3)).all()
    assert ((part == "validation") == (chances >= 0.85)).all()


def test_the_order_of_rows_does_not_matter(tmp_path):
    findings = sick(people(200), {"effusion": 0.1})
    one = split(tmp_path / "one", people(200), findings)
    other = split(tmp_path / "other", people(200)[::-1], findings[::-1])
    assert one.to_dict() == other.to_dict()


def test_those_already_there_stay_where_they_are_when_others_are_added(tmp_path):
    asked = {"rare": 0.04, "common": 0.3}
    few = split(tmp_path, people(100), sick(people(100), asked))
    many = split(tmp_path, people(150), sick(people(150), asked))
    assert many[few.index].equals(few)
    assert set(many[people(50, start=100)]) == PARTS


def test_the_newcomers_make_up_for_what_is_missing(tmp_path):
    few = split(tmp_path, people(100))
    newly = pd.DataFrame({"patient_id": people(100, start=50), "finding": "nodule"})
    part = of(split(tmp_path, people(150), newly), newly, "nodule")
    assert (part == "test").sum() == pytest.approx(30, abs=1.5)
    assert (part == "validation").sum() == pytest.approx(15, abs=1)
    assert part[people(50, start=50)].equals(few[people(50, start=50)])


def test_an_edited_label_moves_nobody(tmp_path):
    findings = sick(people(300), {"effusion": 0.05, "nodule": 0.3})
    before = split(tmp_path, people(300), findings)
    assert split(tmp_path, people(300), findings[::3]).equals(before)
    trained_on = before.index[before == "train"]
    only_there = pd.DataFrame({"patient_id": trained_on, "finding": "edema"})
    assert split(tmp_path, people(300), only_there).equals(before)


def test_a_patient_who_was_away_comes_back_to_the_same_part(tmp_path):
    whole = split(tmp_path, people(100))
    split(tmp_path, people(60))
    tested = whole.index[whole == "test"]
    would_move = pd.DataFrame({"patient_id": tested, "finding": "nodule"})
    assert split(tmp_path, people(100), would_move).equals(whole)


def test_another_seed_or_share_divides_afresh_and_the_first_is_not_forgotten(tmp_path):
    first = split(tmp_path, people(100))
    split(tmp_path, people(150))
    for other in (replace(LABELLED, seed=2), replace(LABELLED, test_share=0.5)):
        fresh = split(tmp_path / f"{other.seed}", people(100), recipe=other)
        assert not fresh.equals(first)
        assert split(tmp_path, people(100), recipe=other).equals(fresh)
    assert split(tmp_path, people(100)).equals(first)


def test_another_version_of_the_step_divides_afresh(tmp_path, monkeypatch):
    first = split(tmp_path, people(60))
    ill = pd.DataFrame({"patient_id": first.index[first == "test"], "finding": "edema"})
    assert split(tmp_path, people(60), ill).equals(first)
    monkeypatch.setattr(splits, "VERSION", splits.VERSION + 1)
    afresh = split(tmp_path, people(60), ill)
    assert not afresh.equals(first)
    assert afresh.equals(split(tmp_path / "fresh", people(60), ill))


def test_the_digest_of_a_memory_that_is_gone_by_is_logged(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    split(tmp_path, people(60))
    assert "goes by" not in caplog.text
    (path,) = tmp_path.glob("remembered-*.parquet")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    split(tmp_path, people(70))
    assert f"goes by {path.name}, 60 rows, sha256 {digest}" in caplog.text


@pytest.mark.parametrize("damage", ["empty", "cut", "text", "another table"])
def test_a_damaged_memory_is_refused_by_name(tmp_path, damage):
    split(tmp_path, people(100))
    (path,) = tmp_path.glob("remembered-*.parquet")
    whole = path.read_bytes()
    broken = {"empty": b"", "cut": whole[: len(whole) // 2], "text": b"{}"}
    path.write_bytes(broken.get(damage, (tmp_path / "strata").read_bytes()))
    with pytest.raises(
        InputError, match=r"remembered-\w+\.parquet: cannot be read; .*delete"
    ):
        split(tmp_path, people(100))


def test_the_publishers_split_is_kept_and_only_validation_is_drawn(tmp_path):
    given = {one: "test" if int(one[1:]) % 4 == 0 else "train" for one in people(400)}
    findings = sick(people(400), {"effusion": 0.1})
    part = split(tmp_path, people(400), findings, official=given)
    was_test = np.array([given[patient] == "test" for patient in part.index])
    assert (part[was_test] == "test").all()
    assert set(part[~was_test]) == {"train", "validation"}
    here = of(
        part[~was_test],
        findings[findings["patient_id"].map(given) == "train"],
        "effusion",
    )
    wanted = 0.15 * len(here)
    assert (here == "validation").sum() == pytest.approx(wanted, abs=1)


def test_a_test_part_is_drawn_where_the_publisher_gave_none(tmp_path):
    given = {one: "validation" if one in people(20) else "train" for one in people(200)}
    part = split(tmp_path, people(200), official=given)
    assert set(part[part == "validation"].index) == set(people(20))
    assert (part == "test").sum() == pytest.approx(0.3 * 180, abs=3)


def test_a_complete_official_split_is_left_alone_and_others_join_training(tmp_path):
    given = {one: sorted(PARTS)[int(one[1:]) % 3] for one in people(90)}
    assert split(tmp_path, people(90), official=given).to_dict() == given
    part = split(tmp_path, people(100), official=given)
    assert set(part[people(10, start=90)]) == {"train"}
    assert part[people(90)].to_dict() == given


def test_a_split_that_the_publisher_gives_later_goes_before_what_was_drawn(tmp_path):
    drawn = split(tmp_path, people(100))
    given = {one: "train" if drawn[one] == "test" else "test" for one in people(50)}
    part = split(tmp_path, people(100), official=given)
    assert set(part.index[part == "test"]) == {p for p in given if given[p] == "test"}


def test_an_official_split_that_cuts_through_a_patient_is_refused():
    table = IMAGES.empty().reindex(range(2))
    table = table.assign(patient_id="p", official_split=["train", "test"])
    with pytest.raises(InputError, match="cuts through 1 patients"):
        splits.official(table)


def test_the_publishers_part_of_a_patient_is_that_of_the_images_that_have_one():
    table = IMAGES.empty().reindex(range(5))
    table = table.assign(
        patient_id=["p", "p", "q", "r", "r"],
        official_split=[None, "test", None, "train", "train"],
    )
    given = splits.official(table)
    assert given.dropna().to_dict() == {"p": "test", "r": "train"}
    assert given.index.tolist() == ["p", "q", "r"]


def test_an_external_dataset_is_all_test(tmp_path):
    recipe = replace(LABELLED, role="external")
    given = dict.fromkeys(people(9), "train")
    assert set(split(tmp_path, people(50), recipe=recipe, official=given)) == {"test"}


def test_an_unlabelled_dataset_is_all_training_but_for_an_official_test_split(tmp_path):
    recipe = replace(LABELLED, role="unlabelled")
    part = split(tmp_path, people(50), recipe=recipe, official={"p3": "test"})
    assert part[part != "train"].to_dict() == {"p3": "test"}


def test_shares_that_leave_nobody_to_train_on_are_refused(tmp_path):
    with pytest.raises(InputError, match="test_share and validation_share are 1 or"):
        split(tmp_path, people(9), recipe=replace(LABELLED, test_share=0.85))


def test_one_patient_or_none_to_divide_is_no_fault(tmp_path):
    assert set(split(tmp_path, people(1))) < PARTS
    given = dict.fromkeys(people(3), "test")
    assert set(split(tmp_path, people(3), official=given)) == {"test"}
