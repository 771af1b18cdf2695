"""What is looked at after each epoch: always the same images, never augmented."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from workflow_scripts.core.encoders import Card
from workflow_scripts.core.store import Store, by_dataset
from workflow_scripts.core.tables.prepare import TARGETS
from workflow_scripts.core.tables.prepare_pixels import STORE
from workflow_scripts.pretrain.moving import Moving
from workflow_scripts.pretrain.neighbours import knn_auroc
from workflow_scripts.pretrain.pace import Pace
from workflow_scripts.pretrain.pooled import Pool
from workflow_scripts.pretrain.processes import rank
from workflow_scripts.pretrain.watching import features, measures, projections

WATCHED = 1024  # images of the pool
WATCHING_SHARE = 0.05  # of all time
NOTHING = np.ones((1, 1), np.float32)
LABELLED = {"train": 8192, "validation": 4096}  # images of a task, at most


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """Some images of a split of a task."""

    images: Tensor  # uint8 (images, size_px, size_px)
    targets: NDArray[np.float32]  # (images, findings): 1, 0, NaN unknown


def labelled(
    targets: Path, stores: list[Path], rows: Path, size_px: int
) -> dict[str, Labelled]:
    """Return the images that a task trains on and validates on; none it tests.

    Args:
        targets: of the task's development part.
        stores: shards of the dataset that it is trained on.
        rows: that store's index.
        size_px: side of its images.
    """
    long = TARGETS.read(targets)
    wide = long.pivot_table(
        index=["split", "image_id"], columns="finding", values="target", dropna=False
    )
    places = STORE.read(rows).set_index("image_id")
    ((_, files),) = by_dataset(stores).items()
    store = Store(files, size_px)
    found = {}
    for split, most in LABELLED.items():
        # the table has a row for every pair of a split and an image
        known = wide.xs(split, level="split").dropna(how="all")
        chosen = known.iloc[spread(len(known), most)]
        where = places.loc[chosen.index]
        shards, lines = (where[name].to_numpy(np.int64) for name in ("shard", "row"))
        found[split] = Labelled(
            images=torch.from_numpy(store.gather(shards, lines)),
            targets=chosen.to_numpy(np.float32),
        )
    return found


def spread(n: int, most: int) -> NDArray[np.int64]:
    """Return `most` numbers at most, evenly from 0 to `n`."""
    return np.linspace(0, n - 1, min(n, most)).astype(np.int64)


class Watch:
    """Measures an encoder by the features of its pool, and of a task's images."""

    def __init__(
        self, pool: Pool, card: Card, task: dict[str, Labelled] | None = None
    ) -> None:
        """Choose the images."""
        self.card, self.task = card, task
        rows = torch.from_numpy(spread(len(pool), WATCHED))
        self.images = pool.feed.batch(rows)
        self.pace = Pace(WATCHING_SHARE)

    def of(self, moving: Moving, *, now: bool = True) -> dict[str, float]:
        """Return what is measured of the encoder; NaN where it is not.

        Nothing is but by the first of several processes, and unless it must be `now`,
        so seldom that it takes little of the time.
        """
        if rank() or not (now or self.pace.due):
            return dict.fromkeys([*measures(NOTHING, None), "knn_auroc"], math.nan)
        with self.pace.working():
            encoder, own = moving.encoder, moving.method.encoder
            seen = features(encoder, self.images, self.card)
            of_own = seen  # unless an average is published
            if encoder is not own:
                of_own = features(own, self.images, self.card)
            return {
                **measures(seen, projections(moving.method, of_own)),
                "knn_auroc": self._by_neighbours(encoder),
            }

    def _by_neighbours(self, encoder: nn.Module) -> float:
        if self.task is None:
            return math.nan
        train, validation = (self.task[split] for split in LABELLED)
        return knn_auroc(
            features(encoder, train.images, self.card),
            train.targets,
            features(encoder, validation.images, self.card),
            validation.targets,
        )
