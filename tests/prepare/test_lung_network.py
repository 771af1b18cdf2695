"""The network that finds lungs learns from drawn ones, and is checked on others."""

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file, save_file

from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.prepare_pixels import DICE, EXAMPLES
from workflow_scripts.prepare import (
    lung_augmentation,
    lung_check,
    lung_drawn,
    lung_finder,
    lung_network,
    lung_passes,
    lung_training,
)
from workflow_scripts.prepare.finders import SIDE, Squares, network
from workflow_scripts.prepare.lung_network import OURS
from workflow_scripts.prepare.lung_passes import PLAIN, Pass
from workflow_scripts.prepare.lung_quality import dice
from workflow_scripts.prepare.lung_training import Recipe, Training

STEPS = 40
CHECK = {"bootstrap": 200, "seed": 1}


def chests(n, seed=0):
    """Return pairs of bright squares with two dark ellipses, and the ellipses."""
    rng = np.random.default_rng(seed)
    down, across = np.mgrid[:SIDE, :SIDE] / SIDE
    pairs = np.empty((n, 2, SIDE, SIDE), np.uint8)
    for pair in pairs:
        row, wide, high = rng.uniform((0.4, 0.11, 0.22), (0.6, 0.15, 0.32))
        columns = rng.uniform((0.25, 0.65), (0.35, 0.75))
        far = [
            ((down - row) / high) ** 2 + ((across - column) / wide) ** 2
            for column in columns
        ]
        pair[1] = np.minimum(*far) < 1
        pair[0] = 150 - 90 * pair[1] + rng.normal(0, 10, (SIDE, SIDE))
    return pairs


def write(folder, pairs, parts, name="here", owners=None):
    """Write pairs of which each is one patient's, unless the `owners` are told."""
    examples, listed = folder / f"{name}.u8", folder / f"{name}.parquet"
    examples.write_bytes(pairs.tobytes())
    names = [f"{name}{number}" for number in range(len(pairs))]
    table = {"image_id": names, "patient_id": owners or names, "part": parts}
    EXAMPLES.write(pd.DataFrame(table).assign(row=np.arange(len(pairs))), listed)
    return examples, listed


def recipe(steps=STEPS, seed=1, datasets=("here",)):
    return Recipe(
        steps=steps,
        batch_size=4,
        learning_rate=0.005,
        datasets=list(datasets),
        seed=seed,
    )


def trained(folder, chosen, *files):
    examples, listed = ([file[kind] for file in files] for kind in (0, 1))
    weights = folder / "network.safetensors"
    lung_finder.main(
        examples=examples, listed=listed, recipe=chosen, identity="", network=weights
    )
    return weights


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    drawn = write(folder, chests(16), ["train"] * 12 + ["validation"] * 4)
    return trained(folder, recipe(), drawn)


def squares(pairs):
    return Squares(
        pictures=pairs[:, 0], drawn=pairs[:, 1] > 0, known=np.ones(len(pairs), bool)
    )


def test_it_finds_the_lungs_of_new_pictures_and_agrees_with_itself(weights):
    pairs = chests(6, seed=9)
    found = network.finder(weights)(squares(pairs))
    assert found.lungs.shape == (6, SIDE, SIDE)
    assert dice(found.lungs, pairs[:, 1] > 0).mean() > 0.8
    assert ((found.agreement > 0.7) & (found.agreement <= 1)).all()


def test_the_loss_falls(tmp_path):
    files = write(tmp_path, chests(8), ["train"] * 8)
    training = Training(lung_drawn.read([files[0]], [files[1]], ["here"]), recipe(12))
    training.run()
    assert len(training.losses) == 12
    assert np.mean(training.losses[-4:]) < 0.9 * np.mean(training.losses[:4])


def test_the_same_seed_gives_the_same_bits_and_another_seed_others(tmp_path):
    files = write(tmp_path, chests(6), ["train"] * 4 + ["validation"] * 2)
    first = load_file(trained(tmp_path, recipe(3), files))
    again = load_file(trained(tmp_path, recipe(3), files))
    other = load_file(trained(tmp_path, recipe(3, seed=2), files))
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert not all(torch.equal(first[key], other[key]) for key in first)


def test_only_the_training_part_teaches_and_only_validation_says_when_to_stop(tmp_path):
    pairs = chests(8)
    parts = ["train"] * 4 + ["validation"] * 2 + ["test"] * 2
    first = load_file(trained(tmp_path, recipe(3), write(tmp_path, pairs, parts)))
    pairs[6:] = 255 - pairs[6:]
    again = load_file(trained(tmp_path, recipe(3), write(tmp_path, pairs, parts)))
    assert all(torch.equal(first[key], again[key]) for key in first)


class Judged(Training):
    """A training whose second look is the best."""

    seen = ()

    def look(self):
        self.seen = (*self.seen, first_weight(self.mean).clone())
        return 0.5 if len(self.seen) == 2 else 0.1


def first_weight(model):
    return next(model.parameters()).detach()


def test_the_best_weights_are_kept_and_training_ends_without_gain(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(lung_training, "EVERY", 1)
    files = write(tmp_path, chests(6), ["train"] * 4 + ["validation"] * 2)
    drawn = lung_drawn.read([files[0]], [files[1]], ["here"])
    training = Judged(drawn, recipe(1000))
    kept = first_weight(training.run())
    assert torch.equal(kept, training.seen[1])
    assert len(training.seen) == 2 + lung_training.PATIENCE


def test_it_learns_from_several_datasets_of_which_one_may_be_empty(tmp_path):
    one = write(tmp_path, chests(4), ["train", "train", "train", "validation"], "one")
    none = write(tmp_path, chests(0), [], "none")
    two = write(tmp_path, chests(3, seed=1), ["train"] * 3, "two")
    drawn = lung_drawn.read(
        [one[0], none[0], two[0]], [one[1], none[1], two[1]], ["one", "none", "two"]
    )
    taught = drawn.part("train")
    assert taught.listed["dataset"].tolist() == ["one"] * 3 + ["two"] * 3
    expected = np.concatenate([chests(4)[:3], chests(3, seed=1)])
    order = np.array([5, 0, 3])
    assert np.array_equal(taught.gather(order), expected[order])
    trained(tmp_path, recipe(1, datasets=("one", "none", "two")), one, none, two)


@pytest.mark.parametrize("parts", [[], ["test", "validation"]])
def test_without_anybody_to_learn_from_the_user_is_told_what_to_do(tmp_path, parts):
    files = write(tmp_path, chests(len(parts)), parts)
    with pytest.raises(InputError, match="never do; give lung_masks of other patients"):
        trained(tmp_path, recipe(), files)


def test_lungs_move_with_their_picture():
    pairs = torch.from_numpy(chests(8)).float()
    chance = torch.Generator().manual_seed(0)
    seen, lungs, inside = lung_augmentation.altered(
        pairs[:, 0] / 255, pairs[:, 1], 128, chance
    )
    for values in (seen, lungs, inside):
        assert values.shape == (8, 128, 128)
        assert 0 <= values.min() <= values.max() <= 1
    assert not seen[inside == 0].any()
    bright = (seen * (1 - lungs) * inside).sum() / ((1 - lungs) * inside).sum()
    assert (seen * lungs).sum() / lungs.sum() < bright  # the ellipses are dark


def test_dice_equals_counting():
    rng = np.random.default_rng(0)
    one, other = rng.random((2, 5, 7, 9)) < rng.random((2, 5, 1, 1))
    one[0], other[0], one[1] = False, False, False
    for value, a, b in zip(dice(one, other), one, other, strict=True):
        first, second = set(np.flatnonzero(a)), set(np.flatnonzero(b))
        if not first and not second:
            assert value == 1
            assert dice(a, b, empty=0.0) == 0
        else:
            assert dice(a, b) == value
            both = len(first) + len(second)
            assert value == pytest.approx(2 * len(first & second) / both)


def test_what_an_altered_pass_finds_is_mapped_back_to_the_picture():
    def bright(shown):  # as a network: lungs are whatever is brighter than the mean
        return 20 * shown

    picture = np.zeros((1, SIDE, SIDE), np.uint8)
    picture[0, 60:150, 40:90] = 200
    drawn = picture > 0
    picture += 20
    for how in (
        PLAIN,
        *network.PASSES,
        Pass(scale=1.2, shift=(0.1, -0.1)),
    ):
        found = lung_passes.probabilities(bright, 128, picture, how) >= 0.5
        assert dice(found, drawn) > 0.96


def test_two_equal_passes_agree_wholly(weights, monkeypatch):
    monkeypatch.setattr(network, "PASSES", (PLAIN, PLAIN))
    found = network.finder(weights)(squares(chests(3)))
    assert (found.agreement == 1).all()


def test_a_network_that_finds_nothing_does_not_agree_with_itself(weights, monkeypatch):
    def nothing(model, side_px, pictures, how):
        return np.zeros(pictures.shape, np.float32)

    monkeypatch.setattr(network, "probabilities", nothing)
    found = network.finder(weights)(squares(chests(2)))
    assert not found.lungs.any()
    assert (found.agreement == 0).all()


def test_no_picture_at_all_is_no_trouble(weights):
    found = network.finder(weights)(squares(chests(0)))
    assert found.lungs.shape == (0, SIDE, SIDE)
    assert found.agreement.shape == (0,)


def test_brightness_and_contrast_do_not_matter_and_black_beside_is_left_out():
    picture = torch.rand(1, 64, 64)
    picture[:, :, :10] = 0
    inside = lung_network.covered(picture)
    assert not inside[:, :, :10].any()
    assert inside[:, :, 10:].all()
    first = lung_network.standardised(picture, inside)
    again = lung_network.standardised(0.2 + 0.5 * picture, inside)
    assert torch.allclose(first, again, atol=1e-4)
    assert first[0, 0][inside[0]].mean().item() == pytest.approx(0, abs=1e-4)
    assert not first[0, 0][~inside[0]].any()


def test_a_network_comes_back_from_its_file(weights):
    model, card = lung_network.load(weights)
    assert card == OURS
    state = load_file(weights)
    assert all(
        torch.equal(value, state[key]) for key, value in model.state_dict().items()
    )


def _drop(state):
    return dict(list(state.items())[1:])


def _reshape(state):
    return {key: value[..., :1].contiguous() for key, value in state.items()}


@pytest.mark.parametrize(
    ("card", "change", "told"),
    [
        (None, dict, "metadata hold no"),
        ("not json", dict, "metadata hold no"),
        ('{"network": "UNet"}', dict, "metadata hold no"),
        ('{"network": "Lambda", "arguments": {}, "side_px": 128}', dict, "none of"),
        ('{"network": "UNet", "arguments": {}, "side_px": 100}', dict, "side_px"),
        ('{"network": "UNet", "arguments": {}, "side_px": 128}', dict, "not of its"),
        ("ours", _drop, "1 weights are missing"),
        ("ours", lambda state: {**state, "odd": torch.zeros(1)}, "1 left over"),
        ("ours", _reshape, "not of its"),
    ],
)
def test_weights_of_another_kind_are_refused(weights, tmp_path, card, change, told):
    ours, key = weights, lung_network.METADATA
    text = lung_network.metadata(OURS)[key] if card == "ours" else card
    foreign = tmp_path / "foreign.safetensors"
    save_file(change(load_file(ours)), foreign, metadata=text and {key: text})
    with pytest.raises(InputError, match=told):
        lung_network.load(foreign)


def test_a_file_that_is_no_safetensors_is_refused(tmp_path):
    (tmp_path / "w.pt").write_bytes(b"PK\x03\x04 pickled")
    with pytest.raises(InputError, match="not a readable safetensors file"):
        network.finder(tmp_path / "w.pt")


def checked(folder, files, taught_by, finder="drawn", weights=()):
    """Run the check over files by the name of their dataset; return its table."""
    lung_check.main(
        weights=list(weights),
        examples=[file[0] for file in files.values()],
        listed=[file[1] for file in files.values()],
        recipe=lung_check.Recipe(
            finder=finder, datasets=list(files), taught_by=taught_by, **CHECK
        ),
        dice=folder / "dice.parquet",
    )
    return DICE.read(folder / "dice.parquet")


PARTS = ["train", "validation", "validation", "test"]


def test_the_check_takes_the_test_part_of_what_taught_and_all_of_the_others(
    weights, tmp_path
):
    files = {
        name: write(tmp_path, chests(4, seed), PARTS, name)
        for seed, name in enumerate("ab")
    }
    files["c"] = write(tmp_path, chests(0), [], "c")
    table = checked(tmp_path, files, ["a", "c"], "network", [weights])
    assert table[["dataset", "n_images"]].to_numpy().tolist() == [["a", 1], ["b", 4]]
    assert (table["low"] <= table["dice"]).all()
    assert (table["dice"] <= table["high"]).all()
    assert checked(tmp_path, files, [])["n_images"].tolist() == [4, 4]


def test_who_taught_in_one_dataset_is_not_checked_in_another(tmp_path):
    owners = ["anna", "bert", "carl", "dora"]
    files = {
        "a": write(tmp_path, chests(4), PARTS, "a", owners),
        "b": write(tmp_path, chests(3), PARTS[:3], "b", ["anna", "dora", "emil"]),
    }
    table = checked(tmp_path, files, ["a"]).set_index("dataset")
    assert table["n_images"].to_dict() == {"a": 1, "b": 2}
    assert checked(tmp_path, files, [])["n_images"].tolist() == [4, 3]


def test_two_images_of_one_name_whose_patients_nobody_tells_are_two_patients(tmp_path):
    files = {name: write(tmp_path, chests(1), ["train"], name) for name in "ab"}
    table = EXAMPLES.read(files["b"][1])
    EXAMPLES.write(table.assign(image_id="a0", patient_id="a0"), files["b"][1])
    assert checked(tmp_path, files, ["a"])["dataset"].tolist() == ["b"]


def test_the_mean_is_over_images_and_the_interval_over_patients():
    rng = np.random.default_rng(0)
    owners = np.repeat(np.arange(40), rng.integers(1, 9, 40))
    values = (0.8 + 0.1 * rng.standard_normal(40))[owners]
    scores = pd.DataFrame({"patient_id": owners.astype(str), "dice": values})
    chosen = lung_check.Recipe(
        finder="", datasets=[], taught_by=[], bootstrap=4000, seed=1
    )
    mean, low, high = lung_check.interval(scores, chosen)
    assert mean == pytest.approx(values.mean())
    means = []
    for _ in range(4000):
        taken = rng.integers(0, 40, 40)
        means.append(np.concatenate([values[owners == one] for one in taken]).mean())
    assert (low, high) == pytest.approx(
        tuple(np.percentile(means, [2.5, 97.5])), abs=0.004
    )


def test_drawn_lungs_agree_wholly_with_themselves(tmp_path):
    files = write(tmp_path, chests(3), ["validation", "test", "test"])
    table = checked(tmp_path, {"here": files}, [])
    assert (table[["dice", "low", "high"]] == 1).all(axis=None)


def test_with_nothing_to_check_the_table_is_empty(tmp_path):
    files = write(tmp_path, chests(1), ["train"])
    assert checked(tmp_path, {"here": files}, ["here"]).empty
