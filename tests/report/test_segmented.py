"""The page of a segmentation speaks of Dice, beside tasks of yes or no or alone."""

import dataclasses

import pytest

from tests.report.test_answer import read
from workflow_scripts.core.tables.evaluate import SHORTCUTS
from workflow_scripts.report import answer, curves, differences, labels_needed, page


def segmented(task):
    """Return `task` as if its numbers were of masks, by the second protocol alone."""

    def renamed(table):
        kept = table[table["protocol"] == "fine_tune"]
        return kept[kept["metric"] == "auroc"].assign(metric="dice")

    tables = ("metrics", "comparisons", "efficiency")
    return dataclasses.replace(
        task,
        name="lungs",
        kind="segmentation",
        shortcuts=SHORTCUTS.empty(),
        **{name: renamed(getattr(task, name)) for name in tables},
    )


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    folder = tmp_path_factory.mktemp("both")
    protocols = ("linear_probe", "fine_tune")
    material = read(folder, {"random": 0.5, "moco": 1.2}, protocols=protocols)
    (task,) = material.tasks
    return dataclasses.replace(material, tasks=[task, segmented(task)])


def text_of(material):
    return page.render(material, page.sections(material, example_images=False))


def test_each_task_is_answered_by_its_own_metric_and_protocols(both):
    told = answer.answers(both)
    of_lungs = [text for text in told if text.startswith("lungs: ")]
    assert of_lungs
    assert all("AUROC" not in text for text in of_lungs)
    assert "Dice" in of_lungs[0]
    assert "fine-tune" in of_lungs[0] or "fine tune" in of_lungs[0]
    assert any("AUROC" in text for text in told if text.startswith("chest: "))
    assert len(told) > len(of_lungs)


def test_the_page_of_both_says_what_both_scores_are(both):
    text = text_of(both)
    for said in ("AUROC: 0.5 is chance", "Dice: 0 is nothing in common"):
        assert said in text
    assert "Differences in AUROC or Dice from random" in text
    assert "lungs: no trivial model was tried" in text


def test_the_page_of_a_segmentation_alone_does_not_rank(both):
    alone = dataclasses.replace(both, tasks=both.tasks[1:])
    text = text_of(alone)
    main, _, _ = text.partition("<footer>")
    for section in (curves, differences, labels_needed):
        assert section.section(alone).blocks
    assert "AUROC to reach" not in main
    assert "Dice to reach" in main
    assert "AUROC minus" not in main
    assert "average precision" not in main
