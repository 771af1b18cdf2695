"""The answer in one paragraph, as the tables have it, favourable or not."""

import pandas as pd

from workflow_scripts.report import choosing
from workflow_scripts.report.labels_needed import cost
from workflow_scripts.report.material import MACRO, Material, Task, records, rows_where
from workflow_scripts.report.verdicts import Row, difference, plainly, verdict
from workflow_scripts.report.words import (
    budget_words,
    count,
    listed,
    plain,
    score,
    signed,
    with_interval,
)


def answers(material: Material) -> list[str]:
    """Return two paragraphs for each task: the answer, and what else was seen.

    They speak of the protocol that the config names first, of the smallest and the
    largest budget, and of the mean over findings: none of these is picked by its
    result. Which encoder leads is, and the text says so. The other protocols follow.
    Encoders that had learnt labels before are left out.
    """
    paragraphs = []
    for task in material.tasks:
        protocol, *others = task.protocols
        counted = material.of_counted(task.comparisons)
        shown = rows_where(counted, finding=MACRO, metric=task.metric)
        primary = rows_where(shown, protocol=protocol)
        inside = _by_labels(rows_where(primary, dataset=task.data))
        if inside.empty:
            paragraphs.append(_without_rivals(material, task, protocol))
            continue
        few = rows_where(inside, budget=inside["budget"].iloc[0])
        first = [_opening(material, task, protocol, few)]
        first += _labels(material, task, protocol, _best(few)["encoder"])
        first.append(choosing.sentence(material, task))
        paragraphs.append(" ".join(first))
        if second := [*_others(few), *_more(material, task, inside, primary)]:
            paragraphs.append(" ".join(second))
        for other in others:
            paragraphs += _again(material, task, other)
    return paragraphs


def _again(material: Material, task: Task, protocol: str) -> list[str]:
    """Say the same by another protocol, shorter."""
    inside = _by_labels(
        rows_where(
            material.of_counted(task.comparisons),
            finding=MACRO,
            metric=task.metric,
            protocol=protocol,
            dataset=task.data,
        )
    )
    if inside.empty:
        return []
    best = _best(rows_where(inside, budget=inside["budget"].iloc[0]))
    encoder, budget = best["encoder"], best["budget"]
    ours, theirs = (
        _value(task, name, protocol, budget) for name in (encoder, material.baseline)
    )
    told = (
        f"By {plain(protocol)} with as few labels: {encoder} {ours} against {theirs} "
        f"for {material.baseline}, difference {difference(best)}: {verdict(best)}."
    )
    return [" ".join([told, *_labels(material, task, protocol, encoder)])]


def _more(
    material: Material, task: Task, inside: pd.DataFrame, primary: pd.DataFrame
) -> list[str]:
    """Say what more labels, and other hospitals, change."""
    budgets = list(inside["budget"].unique())
    sentences = []
    if len(budgets) > 1:
        sentences.append(_most_labels(material, inside, budgets[-1]))
    best = _best(rows_where(inside, budget=budgets[0]))
    for name in task.external:
        outside = _by_labels(rows_where(primary, dataset=name))
        sentences += _elsewhere(name, best, outside)
    return sentences


def _labels(material: Material, task: Task, protocol: str, encoder: str) -> list[str]:
    """Say what the best score of the baseline costs with `encoder`."""
    results = task.results(protocol=protocol, dataset=task.data, finding=MACRO)
    fewest, most = results["n_labels"].min(), results["n_labels"].max()
    base = rows_where(results, encoder=material.baseline).sort_values("n_labels")
    if base.empty or fewest == most:
        return []
    budget = base["budget"].iloc[-1]
    rows = rows_where(
        task.efficiency,
        protocol=protocol,
        dataset=task.data,
        finding=MACRO,
        encoder=encoder,
        reached_by=f"{material.baseline} at {budget}",
    )
    return [
        f"To reach what {material.baseline} reaches with the labels of "
        f"{budget_words(budget)} ({count(most)} images, {task.measure} "
        f"{score(row['target'])}), "
        f"{encoder} needs {cost(row, fewest, most)} labelled images."
        for row in records(rows)
    ]


def _by_labels(rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows[rows["difference"].notna()]
    return rows.sort_values("n_labels", kind="stable")


def _best(rows: pd.DataFrame) -> Row:
    best = rows.sort_values("difference", kind="stable").iloc[[-1]]
    return records(best)[0]


def _without_rivals(material: Material, task: Task, protocol: str) -> str:
    return (
        f"{task.name}: no other encoder could be compared with {material.baseline} by "
        f"{plain(protocol)} on {task.data}, so there is no answer yet. "
        + choosing.sentence(material, task)
    )


def _opening(material: Material, task: Task, protocol: str, few: pd.DataFrame) -> str:
    best = _best(few)
    encoder, budget = best["encoder"], best["budget"]
    n_images = count(best["n_labels"])
    rivals = few["encoder"].nunique()
    which = (
        f"{encoder} was the highest of the {rivals} encoders set against "
        f"{material.baseline} (picked by these very results)"
        if rivals > 1
        else f"{encoder} was set against {material.baseline}"
    )
    ours, theirs = (
        _value(task, name, protocol, budget) for name in (encoder, material.baseline)
    )
    phantoms = " (phantoms)" if task.data in material.phantoms else ""
    name = f"{task.name}: on" if len(material.tasks) > 1 else "On"
    return (
        f"{name} the test patients of {task.data}{phantoms}, with the labels of "
        f"{budget_words(budget)} ({n_images} images; {plain(protocol)}), {which}: "
        f"{task.measure} {ours} against {theirs}, difference {difference(best)}. "
        f"{plainly(best, material.baseline)}"
    )


def _value(task: Task, encoder: str, protocol: str, budget: str) -> str:
    rows = task.results(
        encoder=encoder,
        protocol=protocol,
        budget=budget,
        dataset=task.data,
        finding=MACRO,
    )
    for row in records(rows):
        return with_interval(row["value"], row["low"], row["high"])
    return "an unknown score"


def _others(few: pd.DataFrame) -> list[str]:
    best = _best(few)["encoder"]
    by_verdict: dict[str, list[str]] = {}
    for row in records(few[few["encoder"] != best]):
        told = f"{row['encoder']} ({signed(row['difference'])})"
        by_verdict.setdefault(verdict(row), []).append(told)
    if not by_verdict:
        return []
    parts = [f"{listed(names)}: {word}" for word, names in by_verdict.items()]
    return [f"The other encoders with as few labels: {'; '.join(parts)}."]


def _most_labels(material: Material, inside: pd.DataFrame, budget: str) -> str:
    rows = rows_where(inside, budget=budget)
    best = _best(rows)
    return (
        f"With the labels of {budget_words(budget)} ({count(best['n_labels'])} images) "
        f"the highest was {best['encoder']}: difference from {material.baseline} "
        f"{difference(best)}: {verdict(best)}."
    )


def _elsewhere(name: str, best: Row, outside: pd.DataFrame) -> list[str]:
    rows = rows_where(outside, encoder=best["encoder"], budget=best["budget"])
    return [
        f"At the other hospital ({name}), untouched by training, the same encoder with "
        f"the same few labels: difference {difference(row)}: {verdict(row)}."
        for row in records(rows)
    ]
