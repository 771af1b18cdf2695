"""What trivial models see, beside what the encoders reach."""

from workflow_scripts.report.alarms import Row, alarms, best_encoder, verdict
from workflow_scripts.report.blocks import Block, Fold, Grid, Section, Text
from workflow_scripts.report.material import (
    MACRO,
    Material,
    Task,
    records,
    rows_where,
)
from workflow_scripts.report.words import (
    MISSING,
    TIMES,
    budget_words,
    plain,
    score,
    with_interval,
)

INTRODUCTION = (
    "A picture can give a finding away by what has nothing to do with it: a marker, "
    "how a child is held, the scanner of one ward. The trivial models in this table "
    "cannot read lungs; the thumbnail shows no more than their outline and large "
    "shadows, so what it solves is easy, for whatever reason. Each is a ridge "
    "regression on what its row names, learns with all labels of the training "
    "patients, and is tested on the same patients as the encoders. An encoder that "
    "gets no further has shown nothing about lungs. “Development” are training and "
    "validation patients, each scored by a model that others taught."
)
SEEN = {
    "metadata": (
        "view position, sex, age, size and format of the file; whether it was cropped "
        "to the lungs, and how large; no pixel"
    ),
    "border": "the outer frame of the thumbnail, 3 of 32 pixels on every side",
    "thumbnail": f"the whole image at 32 {TIMES} 32 pixels",
    "lungs_blanked": (
        "the thumbnail with the lungs black, where lungs were found and trusted"
    ),
}

Place = tuple[str, str]  # split and dataset


def section(material: Material) -> Section:
    """Return the section with the audit of every task."""
    blocks: list[Block] = [Text(text=INTRODUCTION)]
    for task in material.tasks:
        if task.shortcuts.empty:
            text = f"{task.name}: no trivial model was tried."
            blocks.append(Text(text=text, strong=True))
            continue
        blocks.append(Text(text=verdict(task), strong=bool(alarms(task))))
        blocks.append(_grid(material, task, MACRO))
        if len(task.findings) > 1:
            each: list[Block] = [_grid(material, task, name) for name in task.findings]
            summary = f"{task.name}: every finding by itself"
            blocks.append(Fold(summary=summary, blocks=each))
    heading = "What trivial models see"
    return Section(anchor="shortcuts", heading=heading, blocks=blocks)


def _grid(material: Material, task: Task, finding: str) -> Grid:
    """Show one finding: what trivial models reach, then two encoders."""
    places = [("development", task.data), *(("test", name) for name in task.datasets)]
    of_finding = rows_where(task.shortcuts, finding=finding)
    rows = []
    for name in of_finding["shortcut"].unique():
        found = {
            (row["split"], row["dataset"]): _with_interval(row, "auroc")
            for row in records(rows_where(of_finding, shortcut=name))
        }
        cells = [found.get(place, MISSING) for place in places]
        rows.append([plain(name), SEEN.get(name, MISSING), *cells])
    for what, encoder in (("best encoder", None), ("baseline", material.baseline)):
        if best := best_encoder(task, finding, encoder):
            rows.append(_of_encoder(task, what, best, places))
    mean = finding == MACRO and len(task.findings) > 1
    of = "mean over findings" if mean else task.findings[0]
    return Grid(
        caption=f"{task.name}, {of if finding == MACRO else finding}: AUROC [95%]",
        head=["model", "what it sees", *(f"{d}: {s}" for s, d in places)],
        rows=rows,
        n_text=2,
        link=task.link("shortcuts"),
    )


def _of_encoder(task: Task, what: str, best: Row, places: list[Place]) -> list[str]:
    """Return the row of an encoder: its score wherever it was tested."""
    same = {key: best[key] for key in ("encoder", "protocol", "budget", "finding")}
    found = {
        ("test", row["dataset"]): _with_interval(row, "value")
        for row in records(task.results(**same))
    }
    how = f"{plain(best['protocol'])}, labels of {budget_words(best['budget'])}"
    cells = [found.get(place, MISSING) for place in places]
    return [f"{what}: {best['encoder']}", f"the whole image ({how})", *cells]


def _with_interval(row: Row, value: str) -> str:
    return with_interval(row[value], row["low"], row["high"])


def beside(task: Task, dataset: str, finding: str) -> str:
    """Return the scores of trivial models in a line, for what stands beside."""
    mine = rows_where(task.shortcuts, dataset=dataset, finding=finding)
    told = []
    for split, whom in (
        ("test", "on these patients"),
        ("development", "in development"),
    ):
        rows = records(rows_where(mine, split=split))
        each = [f"{plain(row['shortcut'])} {score(row['auroc'])}" for row in rows]
        told += [f"{whom}: {', '.join(each)}"] * bool(each)
    return f"Trivial models {'; '.join(told)}." if told else ""
