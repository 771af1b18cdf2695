"""What is wrong in a config is said in one line, before any work."""

import pytest

pytestmark = pytest.mark.slow

CASES = {
    "a misspelt key": (
        ("validation_share: 0.25", "validation_part: 0.25"),
        "config: prepare: unknown key 'validation_part'; allowed: clahe_clip,",
    ),
    "a value out of range": (
        ("size_px: 32, crop", "size_px: 3, crop"),
        "config: prepare.size_px: 3 is less than the minimum of 16",
    ),
    "a choice that does not exist": (
        ("crop: lungs", "crop: heart"),
        "config: prepare.crop: 'heart' is not one of none, lungs",
    ),
    "a number that YAML reads as text": (
        ("epochs: 2, batch", "epochs: 2, learning_rate: 1e-4, batch"),
        "(YAML reads 1e-4 as text; write 1.0e-4)",
    ),
    "a folder that is not there": (
        ("root: results/simulate/archive/images", "root: no/such/folder"),
        "config: datasets.archive.root: no folder 'no/such/folder'",
    ),
    "an unknown adapter": (
        ("archive: {root", "archive: {adapter: folders, root"),
        "config: datasets.archive.adapter: 'folders' is unknown; there are: brax",
    ),
    "an unknown encoder": (
        ("encoders: [random, moco,", "encoders: [random, mocco,"),
        "config: sweep.encoders: 'mocco' is unknown; there are: gmml, gmml_moco, moco",
    ),
    "an unknown method": (
        ("method: gmml", "method: gmmml"),
        "config: encoders.gmml.method: 'gmmml' is unknown; there are: barlow_twins,",
    ),
    "an option that the method does not have": (
        ("options: {queue_size: 64, hidden_width: 32}}", "options: {queue_sise: 64}}"),
        "config: encoders.moco.options: 'queue_sise' is unknown; there are: ",
    ),
    "one budget in two spellings": (
        ('labels: [8, "100%"]', 'labels: ["10%", "10.0%"]'),
        "config: sweep.labels: every budget above 0, and none of them twice",
    ),
    "a missing folder of a dataset that a task needs": (
        ("root: results/simulate/clinic/images", "root: no/such/folder"),
        "config: datasets.clinic.root: no folder 'no/such/folder'",
    ),
    "an unknown start": (
        ("{from: gmml,", "{from: gmmml,"),
        "config: encoders.gmml_moco.from: 'gmmml' is unknown",
    ),
    "a chain that bites its tail": (
        ("gmml: {from: random", "gmml: {from: gmml_moco"),
        "goes round in a circle",
    ),
    "an unknown backbone": (
        ("backbone: test_resnet", "backbone: resnet5"),
        "config: encoders.random.backbone: 'resnet5' is not a model of timm",
    ),
    "a finding that is not in the labels": (
        (
            "findings: [effusion, cardiomegaly], external",
            "findings: [effusion, mass], external",
        ),
        "config: tasks.chest.findings (clinic): 'mass' is unknown; there are: ",
    ),
    "more labels than patients": (
        ("labels: [8,", "labels: [8000,"),
        "config: sweep.labels: 8000 patients are more than the 60 of tasks.chest",
    ),
    "pretraining on an external test set": (
        ("data: [archive], epochs: 2", "data: [elsewhere], epochs: 2"),
        "'elsewhere' is an external test set of tasks.chest",
    ),
    "a baseline that is not compared": (
        ("baseline: random", "baseline: imagenet"),
        "config: evaluate.baseline: 'imagenet' is unknown",
    ),
}


@pytest.fixture
def changed(fresh):
    text = fresh.config.read_text()
    yield fresh
    fresh.config.write_text(text)


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_config_is_told_in_one_line_before_any_work(changed, case):
    (old, new), said = CASES[case]
    changed.edit("tiny.yaml", old, new)
    done = changed.call()
    assert done.returncode != 0
    lines = [line for line in done.stderr.splitlines() if line.startswith("config: ")]
    assert said in "\n".join(lines)
    assert not (changed.folder / "results").exists()


def test_a_label_table_without_the_mapped_column_is_told_with_what_it_has(changed):
    folder = changed.folder / "images"
    folder.mkdir(exist_ok=True)
    (folder / "labels.csv").write_text("file,Effusion\na.dcm,1\n")
    changed.edit(
        "tiny.yaml",
        "root: results/simulate/elsewhere/images\n    labels: {table: ../labels.csv",
        "root: images\n    labels: {table: labels.csv",
    )
    done = changed.call()
    assert done.returncode != 0
    assert (
        "config: datasets.elsewhere.labels.image: labels.csv has no column 'image'"
        in done.stderr
    )
    assert "labels.csv has no column 'effusion'; it has file, Effusion" in done.stderr
