"""More draws and more budgets train what is new, and nothing else."""

import pytest
from safetensors.numpy import load_file

pytestmark = pytest.mark.slow

ARM = "results/finetune/chest/random"
CELLS = [
    f"{ARM}/{protocol}/{budget}/classifiers.safetensors"
    for protocol in ("fine_tune", "linear_probe")
    for budget in ("8", "100pct")
]


def tensors(flow):
    return {name: load_file(flow.folder / name) for name in CELLS}


def test_one_more_draw_trains_its_own_classifiers_only(again):
    known = tensors(again)
    again.edit("tiny.yaml", "draws: 2", "draws: 3")
    again.run(*CELLS)
    for budget in ("8", "100pct"):
        log = again.folder / f"logs/finetune_fit/chest/random/fine_tune/{budget}.log"
        assert "draws 0, 1: as before; 1 to train" in log.read_text()
        assert log.read_text().count("learning_rate") == 1
    for name, now in tensors(again).items():
        assert {key.partition("/")[0] for key in now} == {"draw-0", "draw-1", "draw-2"}
        for key, before in known[name].items():
            assert now[key].tobytes() == before.tobytes(), f"{name}: {key}"


def test_a_draw_less_trains_nothing(again):
    again.edit("tiny.yaml", "draws: 2", "draws: 1")
    again.run(*CELLS)
    log = again.folder / "logs/finetune_fit/chest/random/fine_tune/8.log"
    assert "draws 0: as before; 0 to train" in log.read_text()


def test_one_more_budget_touches_no_classifier_of_the_others(again):
    known = {name: (again.folder / name).read_bytes() for name in CELLS}
    again.edit("tiny.yaml", 'labels: [8, "100%"]', 'labels: [8, 12, "100%"]')
    more = [name.replace("/8/", "/12/") for name in CELLS[::2]]
    again.run(*more)
    assert all((again.folder / name).is_file() for name in more)
    for name, before in known.items():
        assert (again.folder / name).read_bytes() == before, name
