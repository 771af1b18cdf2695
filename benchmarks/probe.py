r"""Logistic probes of 6 budgets x draws x 14 findings: ours and scikit-learn's loop.

    OMP_NUM_THREADS=1 PYTHONPATH=. python benchmarks/probe.py [draws=10] [penalty ...]

10,000 made-up training images with 384 features; 5,000 others are ranked. The AUROC of
every problem is held against scikit-learn's newton-cholesky in float64 with a tolerance
of 1e-9. Budgets are nested in each draw; the draws of 100 % are equal, and solved once
by everybody. Ours solves each draw of a budget by one call, with all penalties. CPU
seconds of one thread; ours comes first and last. Figures: `benchmarks/probe.md`.
"""

import functools
import os
import sys
import time
import warnings

import numpy as np
import sklearn
from scipy.stats import rankdata
from sklearn.linear_model import LogisticRegression

from workflow_scripts.finetune.logistic import principal_axes, regressions

N_TRAINING, N_TEST, WIDTH, N_FINDINGS = 10_000, 5_000, 384, 14
BUDGETS = (0.01, 0.05, 0.1, 0.25, 0.5, 1)
PREVALENCES = np.geomspace(0.01, 0.3, N_FINDINGS)
UNKNOWN = 0.1  # of the labels
LOOPS = [
    *((np.float32, tolerance) for tolerance in (1e-4, 1e-5, 1e-6)),
    *((np.float64, tolerance) for tolerance in (1e-4, 1e-5, 1e-6, 1e-8)),
]


def cohort(rng):
    """Return standardised features and targets; the training images come first.

    Features hang together (variances fall as 1/rank), are skewed as after a ReLU, and
    differ in scale; the strongest one is nearly binary, as a device would be.
    """
    n = N_TRAINING + N_TEST
    rank = np.arange(1, WIDTH + 1)
    latent = rng.normal(size=(n, WIDTH))
    latent[:, 0] = np.sign(latent[:, 0]) + 0.3 * rng.normal(size=n)
    turned = latent / np.sqrt(rank) @ np.linalg.qr(rng.normal(size=(WIDTH, WIDTH)))[0]
    features = np.where(turned > 0, turned, 0.3 * turned)
    features *= np.exp(0.7 * rng.normal(size=WIDTH))
    told = latent @ (rng.normal(size=(WIDTH, N_FINDINGS)) * rank[:, None] ** -0.3)
    noisy = 1.2 * told / told.std(axis=0) + rng.logistic(size=told.shape)
    ordered = np.sort(noisy, axis=0)
    least = ordered[(n * (1 - PREVALENCES)).astype(int), np.arange(N_FINDINGS)]
    targets = (noisy > least).astype(float)
    targets[rng.random(targets.shape) < UNKNOWN] = np.nan
    training = features[:N_TRAINING]
    return (features - training.mean(axis=0)) / training.std(axis=0), targets


def drawn(rng, n_draws):
    """Return {(draw, budget): rows}, the whole only once."""
    cells = {}
    for draw in range(n_draws):
        order = rng.permutation(N_TRAINING)
        for budget in BUDGETS[: None if draw == 0 else -1]:
            cells[draw, budget] = np.sort(order[: round(budget * N_TRAINING)])
    return cells


def ours(features, targets, cells, penalties):
    """Return {(draw, budget, penalty, finding): coefficients}."""
    axes = principal_axes(features[:N_TRAINING])
    rotated = features[:N_TRAINING] @ axes
    found = {}
    for cell, rows in cells.items():
        solved = regressions(rotated[rows], targets[rows], penalties, rotated=True)
        for penalty, each in zip(penalties, solved[:, :, :-1] @ axes.T, strict=True):
            for finding, coefficients in enumerate(each):
                found[*cell, penalty, finding] = coefficients
    return found


def theirs(features, targets, cells, penalties, kind, **options):
    """Return the same by a loop of scikit-learn; nothing where a class is missing."""
    features, found = features.astype(kind), {}
    for cell, rows in cells.items():
        for finding in range(N_FINDINGS):
            known = rows[~np.isnan(targets[rows, finding])]
            target = targets[known, finding]
            if target.min() == target.max():
                continue
            given = features[known]
            for penalty in penalties:
                model = LogisticRegression(C=1 / penalty, max_iter=10_000, **options)
                model.fit(given, target)
                found[*cell, penalty, finding] = model.coef_[0].astype(float)
    return found


def aurocs(features, targets, found):
    """Return {problem: AUROC on the test images}."""
    values = {}
    for problem, coefficients in found.items():
        target = targets[N_TRAINING:, problem[-1]]
        known = ~np.isnan(target)
        rank = rankdata(features[N_TRAINING:][known] @ coefficients)
        positive = target[known] == 1
        n, n_all = positive.sum(), known.sum()
        pairs = n * (n_all - n)
        values[problem] = (rank[positive].sum() - n * (n + 1) / 2) / pairs
    return values


def main(n_draws, penalties):
    """Print seconds and the largest AUROC error of each program, by penalty."""
    warnings.simplefilter("ignore")
    features, targets = cohort(np.random.default_rng(0))
    cells = drawn(np.random.default_rng(1), n_draws)
    given = (features, targets, cells, penalties)
    exact = {"solver": "newton-cholesky", "tol": 1e-9}
    reference = aurocs(features, targets, theirs(*given, np.float64, **exact))
    print(
        f"scikit-learn {sklearn.__version__}, numpy {np.__version__}, {n_draws} draws"
    )
    print(f"{len(reference)} problems, AUROC {np.mean(list(reference.values())):.3f}")
    programs = {
        f"scikit-learn lbfgs {kind.__name__} tol {tol:g}": functools.partial(
            theirs, *given, kind, tol=tol
        )
        for kind, tol in LOOPS
    }
    ourselves = functools.partial(ours, *given)
    for name, program in [("ours", ourselves), *programs.items(), ("ours", ourselves)]:
        wall, cpu = time.perf_counter(), time.process_time()
        found = program()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        seen = aurocs(features, targets, {key: found[key] for key in reference})
        error = dict.fromkeys(penalties, 0.0)
        for key, value in reference.items():
            error[key[2]] = max(error[key[2]], abs(seen[key] - value))
        told = ", ".join(f"{penalty:g}: {e:.5f}" for penalty, e in error.items())
        load = os.getloadavg()[0]
        print(f"{name}: CPU {cpu:.1f} s, wall {wall:.1f} s, load {load:.1f}; {told}")
        sys.stdout.flush()


if __name__ == "__main__":
    asked = [float(word) for word in sys.argv[1:]] or [10]
    main(int(asked[0]), asked[1:] or [1.0])
