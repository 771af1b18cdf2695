"""Tables as the stages before evaluation write them, from made-up scores."""

import numpy as np
import pandas as pd

from workflow_scripts.core.tables.finetune import PREDICTIONS, SELECTION
from workflow_scripts.core.tables.prepare import LEAKAGE

FINDINGS = ("cardiomegaly", "effusion", "consolidation")
DATASETS = {"clinic": 270, "elsewhere": 300}


def patients(n_patients, generator):
    """One to three images of each patient; returns the patient of each image."""
    return np.repeat(np.arange(n_patients), generator.integers(1, 4, n_patients))


def targets(patient, n_findings, generator, unknown=0.02):
    traits = generator.random((patient.max() + 1, n_findings)) < 0.25
    target = traits[patient].astype(float)
    target[generator.random(target.shape) < unknown] = np.nan
    return target


def predictions(strength, budgets, draws, datasets=DATASETS, seed=0):
    """Predictions of one arm; `strength` says how far the classes lie apart."""
    rows = []
    for name, n_patients in datasets.items():
        shared = np.random.default_rng([seed, n_patients, len(name)])
        patient = patients(n_patients, shared)
        target = targets(patient, len(FINDINGS), shared)
        hard = shared.normal(size=(patient.max() + 1, len(FINDINGS)))[patient]
        own = np.random.default_rng([seed, len(name), round(1000 * strength)])
        for place, budget in enumerate(budgets):
            for draw in range(draws):
                apart = strength * (1 + 0.3 * place)
                noise = own.normal(size=target.shape)
                logit = np.nan_to_num(target) * apart + 0.7 * hard + 0.7 * noise
                for number, finding in enumerate(FINDINGS):
                    rows.append(
                        pd.DataFrame(
                            {
                                "image_id": [
                                    f"{name}-{i}" for i in range(len(patient))
                                ],
                                "patient_id": [f"{name}-p{p}" for p in patient],
                                "dataset": name,
                                "split": "test",
                                "budget": budget,
                                "draw": draw,
                                "finding": finding,
                                "target": target[:, number],
                                "score": 1 / (1 + np.exp(-logit[:, number])),
                            }
                        )
                    )
    return PREDICTIONS.check(pd.concat(rows, ignore_index=True))


def selection(budget, n_labels, draws, n_choosing=30):
    return SELECTION.check(
        pd.DataFrame(
            {
                "budget": budget,
                "draw": np.repeat(range(draws), 2),
                "finding": "all",
                "candidate": ["a", "b"] * draws,
                "validation_score": 0.5,
                "chosen": [0, 1] * draws,
                "steps": 0,
                "cell": pd.NA,
                "chosen_by": "validation" if n_choosing else "folds",
                "n_labels": n_labels,
                "n_choosing": n_choosing,
                "n_patients": n_labels,
            }
        )
    )


def write_chain(folder, arms, budgets, draws, datasets=DATASETS, seed=0):
    """Write the inputs of `evaluate_metrics`; `arms` gives each arm's strength.

    Returns the paths by flag, in the rule's order.
    """
    paths = {"predictions": [], "selections": []}
    for (encoder, protocol), strength in arms.items():
        path = folder / f"{encoder}-{protocol}.parquet"
        frame = predictions(strength, budgets, draws, datasets, seed)
        PREDICTIONS.write(frame, path)
        paths["predictions"].append(path)
        for place, budget in enumerate(budgets):
            path = folder / f"{encoder}-{protocol}-{place}.parquet"
            SELECTION.write(selection(budget, 20 * 3**place, draws), path)
            paths["selections"].append(path)
    LEAKAGE.write(LEAKAGE.empty(), folder / "leakage.parquet")
    return {"leakage": folder / "leakage.parquet", **paths}
