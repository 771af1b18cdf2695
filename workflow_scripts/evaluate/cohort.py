"""The test images of one dataset, and what the classifiers of one arm say of them."""

from dataclasses import dataclass
from typing import NamedTuple, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workflow_scripts.core.errors import InputError

Floats = NDArray[np.float64]


class Fit(NamedTuple):
    """One classifier of an arm: its label budget, and which draw of it."""

    budget: str
    draw: int


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """The test images of one dataset, the same for every arm."""

    image_ids: NDArray[np.object_]  # sorted, shape (images,)
    patients: NDArray[np.int64]  # number of each image's patient, shape (images,)
    findings: tuple[str, ...]  # sorted
    targets: Floats  # 1, 0, NaN unknown, shape (images, findings)

    @property
    def n_patients(self) -> int:
        """How many patients there are."""
        return int(self.patients.max()) + 1

    def same(self, other: "Cohort") -> bool:
        """Say whether `other` has the same images, patients and targets."""
        return (
            self.findings == other.findings
            and np.array_equal(self.image_ids, other.image_ids)
            and np.array_equal(self.patients, other.patients)
            and np.array_equal(self.targets, other.targets, equal_nan=True)
        )

    def counts(self, finding: str | None) -> dict[str, int]:
        """Count patients, positive and negative images; of any finding for None."""
        targets = self.targets
        if finding is not None:
            targets = targets[:, [self.findings.index(finding)]]
        known = ~np.isnan(targets).all(axis=1)
        positive = (targets == 1).any(axis=1)
        return {
            "n_patients": len(np.unique(self.patients[known])),
            "n_positive": int(positive.sum()),
            "n_negative": int((known & ~positive).sum()),
        }


def read_cohort(predictions: pd.DataFrame) -> tuple[Cohort, dict[Fit, Floats]]:
    """Return the test images of one dataset, and the scores of each classifier.

    Args:
        predictions: rows of the table for one arm and one dataset.

    Returns:
        The cohort; and for each classifier scores of shape (images, findings), NaN
        only where the target is unknown.

    Raises:
        InputError: if classifiers disagree on what was to be found, or one of them
            has not scored an image with a known target.
    """
    images, image = np.unique(predictions["image_id"], return_inverse=True)
    findings, finding = np.unique(predictions["finding"], return_inverse=True)
    patient_ids = np.empty(len(images), object)
    patient_ids[image] = predictions["patient_id"].to_numpy(object)
    target, score = (
        predictions[name].to_numpy(np.float64) for name in ("target", "score")
    )
    by_fit = predictions.groupby(["budget", "draw"]).indices
    targets: list[Floats] = []
    scores: dict[Fit, Floats] = {}
    for key, rows in cast(dict[tuple[str, int], NDArray[np.intp]], by_fit).items():
        fit = Fit(str(key[0]), int(key[1]))
        wide = np.full((2, len(images), len(findings)), np.nan)
        wide[:, image[rows], finding[rows]] = target[rows], score[rows]
        targets.append(wide[0])
        scores[fit] = wide[1]
        if not np.array_equal(targets[0], targets[-1], equal_nan=True):
            raise InputError(f"predictions: targets differ at {fit}")
        if np.isnan(scores[fit][~np.isnan(targets[0])]).any():
            raise InputError(f"predictions: images without a score at {fit}")
    cohort = Cohort(
        image_ids=images,
        patients=np.unique(patient_ids, return_inverse=True)[1].astype(np.int64),
        findings=tuple(str(name) for name in findings),
        targets=targets[0],
    )
    return cohort, scores
