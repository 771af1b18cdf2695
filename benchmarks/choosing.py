"""What choosing by folds costs, against choosing by the validation split.

    python -m benchmarks.choosing RESULTS TASK [ENCODER ...]

RESULTS holds features and targets of a finished study. No test row is read: half of the
validation patients choose the penalty of a linear probe, the other half judge what was
chosen; folds choose among the labelled patients alone and are judged by the same half.
Prints the mean AUROC over draws and halvings, and the difference with the interval of
its mean over the draws.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from workflow_scripts.core.tables.prepare import PER_CLASS, TARGETS
from workflow_scripts.finetune import kinds
from workflow_scripts.finetune.aligned import images_of, matrix
from workflow_scripts.finetune.kinds import Floats
from workflow_scripts.finetune.problems import Development, Recipe, problem_of
from workflow_scripts.finetune.protocols import Asked, Images, Problem, linear_probe
from workflow_scripts.prepare import order
from workflow_scripts.prepare.draw import size

DRAWS, HALVINGS, SEED = 20, 20, 2026
PENALTIES = [0.001, 0.01, 0.1, 1.0, 10.0, 100.0]  # the schema's
MIDDLE = 1.0  # taken unseen
BUDGETS = ["1%", "5%", "10%", "2 per class", "8 per class", "32 per class"]


def development(results: Path, task: str, encoder: str) -> Development:
    """Return the images that are no test images, with features of `encoder`."""
    told = TARGETS.read(results / "prepare" / task / "targets" / "development.parquet")
    known, findings = images_of(told), sorted(told["finding"].unique())
    features = results / "finetune" / task / encoder / "features.development.npy"

    def nothing() -> Any:
        raise RuntimeError("a probe looks at no pixel")

    return Development(
        known=known,
        images=Images(
            features=np.load(features),
            read_pixels=nothing,
            read_masks=nothing,
            encoder=Path(),
            card=Path(),
        ),
        asked=Asked(kind=kinds.load("multilabel"), findings=findings),
        targets=matrix(told, known, findings),
    )


def drawn(given: Development, draw: int) -> dict[str, pd.DataFrame]:
    """Return the patients of each budget, as `prepare_order` and `prepare_draw` do."""
    training = given.known[given.known["split"] == "train"]
    rows = pd.DataFrame(given.targets[training.index], columns=given.asked.findings)
    known = rows.assign(patient_id=training["patient_id"].to_numpy())
    known = known.melt("patient_id", var_name="finding", value_name="target")
    known = known.dropna().drop_duplicates()
    recipe = order.Recipe(draws=1, least_patients=1, kind="multilabel", seed=SEED)
    patients = set(training["patient_id"])
    placed = order.ordered(patients, known, [], draw, recipe)
    least = order.per_class(placed, known)
    found = {}
    for budget in BUDGETS:
        if budget.endswith(PER_CLASS):
            wanted = int(budget.removesuffix(PER_CLASS))
            chosen = least[least <= wanted].index.tolist()
        else:
            chosen = placed[: size(budget, len(placed))]
        told = {"patient_id": chosen, "budget": budget, "draw": draw}
        found[budget] = pd.DataFrame(told)
    return found


def recipe(findings: list[str], below: int) -> Recipe:
    """Return the choices of the probe."""
    return Recipe(
        protocol="linear_probe",
        options={"penalties": PENALTIES},
        kind="multilabel",
        findings=findings,
        positive_weights=False,
        cross_validate_below=below,
        count_validation=False,
        size_px=0,
        seed=SEED,
    )


def said(problem: Problem, penalties: list[float]) -> tuple[Floats, Floats]:
    """Return what the probe says of all images, and which penalty it chose."""
    fitted = linear_probe.fit(problem, {"penalties": penalties}, SEED)
    chosen = [float(t.candidate.split()[1]) for t in fitted.tried if t.chosen]
    found = linear_probe.score(fitted.weights, problem.images, problem.asked)
    return found, np.array(chosen)


def judged(given: Development, patients: pd.DataFrame) -> Floats:
    """Return AUROC (macro) by (half, folds, middle, best), mean over the halvings."""
    findings = given.asked.findings
    plain = problem_of(given, patients, recipe(findings, 0))
    folded = problem_of(given, patients, recipe(findings, len(patients) + 1))
    each = [said(plain, [penalty])[0] for penalty in PENALTIES]
    by_folds = said(folded, PENALTIES)[0]
    names = given.known["patient_id"].to_numpy(np.str_)[plain.validation]
    kind, targets = given.asked.kind, given.targets
    generator, rows = np.random.default_rng(SEED), []
    for _ in range(HALVINGS):
        people = generator.permutation(np.unique(names))
        first = np.isin(names, people[: len(people) // 2])
        chooses, judges = plain.validation[first], plain.validation[~first]
        liked = [kind.judged(one[chooses], targets[chooses]) for one in each]
        there = [kind.judged(one[judges], targets[judges]) for one in each]
        strongest_first = np.argmax(liked[::-1])  # of equals, as the protocol does
        rows.append(
            [
                there[::-1][strongest_first],
                kind.judged(by_folds[judges], targets[judges]),
                there[PENALTIES.index(MIDDLE)],
                max(there),
            ]
        )
    return np.mean(rows, axis=0)


def main() -> None:
    """Print one line for each encoder and budget."""
    results, task = Path(sys.argv[1]), sys.argv[2]
    encoders = sys.argv[3:] or [
        path.name for path in sorted((results / "finetune" / task).iterdir())
    ]
    print("encoder budget patients half folds middle best folds-half [95 %]")
    for encoder in encoders:
        given = development(results, task, encoder)
        draws = [drawn(given, number) for number in range(DRAWS)]
        for budget in BUDGETS:
            found = np.array([judged(given, draw[budget]) for draw in draws])
            less = found[:, 1] - found[:, 0]
            around = 2.09 * less.std(ddof=1) / np.sqrt(DRAWS)  # Student's, 19 degrees
            n = np.mean([len(draw[budget]) for draw in draws])
            means = " ".join(f"{value:.3f}" for value in found.mean(axis=0))
            low, high = less.mean() - around, less.mean() + around
            print(
                f"{encoder} {budget.replace(' ', '_')} {n:.0f} {means} "
                f"{less.mean():+.3f} [{low:+.3f}, {high:+.3f}]",
                flush=True,
            )


if __name__ == "__main__":
    main()
