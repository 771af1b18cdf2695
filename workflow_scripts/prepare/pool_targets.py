"""Say what an encoder that learns labels is told of the images of its pool."""

import logging
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Input, Inputs, Output
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.ingest import LABELS
from workflow_scripts.core.tables.prepare import POOL, POOL_TARGETS
from workflow_scripts.prepare.targets import settled

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What an encoder is told (config.yaml: ``encoders``)."""

    datasets: list[str]  # as the files are
    findings: list[str]
    uncertain: str  # ignore, positive or negative


def main(*, pool: Input, labels: Inputs, recipe: Recipe, targets: Output) -> None:
    """Read the `labels` of all datasets; write those of the images in the `pool`.

    A dataset may lack some of the findings, or all.
    """
    pooled = POOL.read(pool)[["dataset", "image_id", "patient_id"]]
    tables = zip(recipe.datasets, labels, strict=True)
    told = pd.concat([_told(*one, recipe) for one in tables], ignore_index=True)
    known = pooled.merge(told, on=["dataset", "image_id"], validate="one_to_many")
    _refuse_one_sided(known, recipe)
    log.info(
        "labels seen: %d, of %d of %d images and %d patients",
        *(len(known), known.groupby(["dataset", "image_id"]).ngroups, len(pooled)),
        known["patient_id"].nunique(),
    )
    POOL_TARGETS.write(known[list(POOL_TARGETS.columns)], targets)


def _told(dataset: str, labels: Path, recipe: Recipe) -> pd.DataFrame:
    """Return what is known of the findings in a dataset, uncertain labels settled."""
    said = LABELS.read(labels)
    said = said[said["finding"].isin(recipe.findings)]
    said = said.assign(target=settled(said["value"], recipe.uncertain), dataset=dataset)
    return said.dropna(subset="target")


def _refuse_one_sided(known: pd.DataFrame, recipe: Recipe) -> None:
    """Refuse a finding that the pool cannot teach; log how often each is present."""
    for finding in recipe.findings:
        target = known.loc[known["finding"] == finding, "target"]
        counts = f"{int(target.sum())} of {len(target)} known are present"
        if target.nunique() < 2:
            raise InputError(
                f"encoders: finding {finding!r}: {counts} in the pool of "
                f"{', '.join(recipe.datasets)}; both present and absent are needed"
            )
        log.info("%s: %s", finding, counts)


if __name__ == "__main__":
    entry.run(main)
