"""Chains of pretext tasks: their orders, what they share, what is refused."""

import itertools

import pandas as pd
import pytest
import yaml

from tests.plan.test_settings import filled
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.finetune import RANKING
from workflow_scripts.finetune import curriculum
from workflow_scripts.plan import curricula

STAGES = {
    "rotation": {"method": "rotation", "data": ["a"], "epochs": 3, "options": {}},
    "jigsaw": {"method": "jigsaw", "data": ["a"], "epochs": 4, "options": {"grid": 3}},
    "moco": {"method": "moco", "data": ["a", "b"], "epochs": 5, "options": {"x": 1e-5}},
    "mae": {"method": "mae", "data": ["b"], "epochs": 6, "options": {}},
}
ALONE = {"rotation": 0.8, "jigsaw": 0.7, "moco": 0.9, "mae": 0.6}


def written(folder, alone, stages=tuple(STAGES), seed=1):
    rows = [
        {"encoder": encoder, "finding": "macro", "auroc": value, "low": 0, "high": 1}
        for encoder, value in alone.items()
    ]
    empty = dict.fromkeys(RANKING.columns, 0)
    table = pd.DataFrame([{**empty, "baseline": "random", **row} for row in rows])
    RANKING.write(table, folder / "ranking.parquet")
    curriculum.main(
        ranking=folder / "ranking.parquet",
        recipe=curriculum.Recipe(
            stages={name: STAGES[name] for name in stages}, baseline="random", seed=seed
        ),
        encoders=folder / "encoders.yaml",
    )
    return yaml.safe_load((folder / "encoders.yaml").read_text())


def chain(made, encoder):
    """Return the recipes of a chain as they are trained, first to last."""
    if encoder in STAGES:
        return [STAGES[encoder]]
    last = {key: value for key, value in made["encoders"][encoder].items()}
    return [*chain(made, last.pop("from")), last]


def test_each_chain_repeats_the_recipes_of_its_stages_in_its_order(tmp_path):
    made = written(tmp_path, ALONE)
    easy = ["moco", "rotation", "jigsaw", "mae"]
    for name, order in (("easy_to_hard_4", easy), ("hard_to_easy_4", easy[::-1])):
        assert chain(made, name) == [STAGES[stage] for stage in order]
    shuffled = chain(made, "shuffled_4")
    assert sorted(map(str, shuffled)) == sorted(map(str, STAGES.values()))
    assert shuffled not in [
        chain(made, name) for name in ("easy_to_hard_4", "hard_to_easy_4")
    ]


def test_the_sweep_compares_baseline_single_stages_and_ends_of_chains(tmp_path):
    arms = written(tmp_path, ALONE)["sweep"]["encoders"]
    ends = ["easy_to_hard_4", "hard_to_easy_4", "shuffled_4"]
    easy = ["moco", "rotation", "jigsaw", "mae"]
    assert arms == ["random", *easy, *ends]


@pytest.mark.parametrize("n_stages", [2, 3, 4])
@pytest.mark.parametrize("seed", range(6))
def test_what_chains_share_is_trained_once(tmp_path, n_stages, seed):
    stages = list(STAGES)[:n_stages]
    made = written(tmp_path, {name: ALONE[name] for name in stages}, stages, seed)
    every = [str(chain(made, name)) for name in made["encoders"]]
    assert len(set(every)) == len(every)
    ends = made["sweep"]["encoders"][1 + n_stages :]
    assert len(ends) == min(n_stages, 3)  # of two stages, no third order
    assert {len(chain(made, end)) for end in ends} == {n_stages}
    assert all(curricula.CHAIN.fullmatch(name) for name in made["encoders"])


def test_the_shuffled_order_follows_from_the_seed_and_is_neither_of_the_others():
    for names in itertools.permutations(["a", "b", "c"]):
        for seed in range(5):
            found = curriculum.orders(list(names), seed)
            assert found == curriculum.orders(list(names), seed)
            assert len(set(map(tuple, found.values()))) == 3


def test_a_stage_without_a_rank_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"stages cannot be ranked; raise prepare"):
        written(tmp_path, {**ALONE, "mae": float("nan")})


def single(method):
    return {"from": "random", "method": method, "data": ["archive"], "epochs": 3}


def asked(config, stages=("rotation", "jigsaw"), **more):
    config["encoders"] |= {name: single(name) for name in ("rotation", "jigsaw")}
    config["curriculum"] = {"stages": list(stages), "task": "chest", **more}


def test_baseline_stages_and_the_sweep_are_ranked_or_what_is_asked_for():
    assert curricula.ranked(filled()) == ["random", "moco", "gmml_moco"]
    config = filled(asked)
    every = ["random", "rotation", "jigsaw", "moco", "gmml_moco"]
    assert curricula.ranked(config) == every
    config = filled(lambda config: asked(config, encoders=["gmml"]))
    assert curricula.ranked(config) == ["random", "rotation", "jigsaw", "gmml"]


def test_chains_are_sound_in_a_config_and_leave_the_single_arms_as_they_are(tmp_path):
    before = filled(asked)
    stages = {
        name: curricula.training(before, name) for name in curricula.stages(before)
    }
    made = curriculum.fragment(
        curriculum.orders(list(stages), 0), stages, before["evaluate"]["baseline"]
    )

    def merged(config):
        asked(config)
        config["encoders"] |= made["encoders"]
        config["sweep"] |= made["sweep"]

    after = filled(merged)
    for name, encoder in before["encoders"].items():
        assert after["encoders"][name] == encoder


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"stages": ["rotation", "jigsow"]}, "stages: 'jigsow' is unknown; there are:"),
        ({"stages": ["rotation", "random"]}, "stages: 'random' is unknown"),
        (
            {"stages": ["rotation", "gmml_moco"]},
            "stages: each must be able to come first, so all must start from the same "
            "encoder; here rotation from random, gmml_moco from gmml",
        ),
        ({"task": "chests"}, "task: 'chests' is unknown; there are: chest"),
        ({"encoders": ["mooc"]}, "encoders: 'mooc' is unknown; there are: gmml"),
        ({"stages": ["rotation"]}, "stages: "),
    ],
)
def test_a_curriculum_that_does_not_fit_is_refused_in_one_line(change, line):
    with pytest.raises(InputError) as told:
        filled(lambda config: asked(config, **change))
    assert len(str(told.value).splitlines()) == 1
    assert str(told.value).startswith(f"config: curriculum.{line}")


def test_a_chain_made_before_its_stage_was_changed_is_refused():
    def change(config):
        asked(config)
        stale = {**single("jigsaw"), "from": "rotation", "epochs": 2}
        config["encoders"]["easy_to_hard_2"] = stale

    with pytest.raises(InputError, match=r"^config: encoders\.easy_to_hard_2: is tra"):
        filled(change)
