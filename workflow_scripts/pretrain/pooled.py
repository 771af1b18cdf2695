"""What an encoder learns from: the images of its pool, and what is known of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from workflow_scripts.core.errors import InputError
from workflow_scripts.core.store import Store, by_dataset
from workflow_scripts.core.tables.prepare import POOL
from workflow_scripts.pretrain.feed import Feed
from workflow_scripts.pretrain.gathered import processes
from workflow_scripts.pretrain.orders import generator_of, order_of
from workflow_scripts.pretrain.partners import Partners
from workflow_scripts.pretrain.processes import rank
from workflow_scripts.pretrain.recipe import Recipe

NAMED = 8  # images, in a message
IMAGE = ["dataset", "image_id"]


@dataclass(frozen=True, kw_only=True)
class Pool:
    """The images of a pool, numbered as its table's rows."""

    table: pd.DataFrame  # POOL
    feed: Feed
    partners: Partners | None = None  # other images of the same patients
    targets: Tensor | None = None  # float32 (images, findings): 1, 0, NaN unknown

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.table)

    def order(self, epoch: int, recipe: Recipe) -> Tensor:
        """Return the numbers of the images in the order in which an epoch meets them.

        Returns:
            int64, shape (looks, images); with partners there are two looks, of which
            the second is another image of the patient where there is one.
        """
        generator = generator_of(recipe.seed, epoch)
        datasets = self.table["dataset"].to_numpy(object)
        met = order_of(datasets, recipe.sampling, generator)
        if self.partners is None:
            return met.unsqueeze(0)
        return torch.stack([met, self.partners.draw(met, generator)])

    def batches(self, rows: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield the batches of the numbers `rows`, shape (looks, batches, batch).

        Yields:
            The numbers of a batch, (looks, batch), and this process's part of its
            images: uint8, (looks, batch / processes, size_px, size_px).
        """
        mine = rows.tensor_split(processes(), 2)[rank()]
        images = self.feed.batches([one.flatten() for one in mine.unbind(1)])
        for batch, seen in zip(rows.unbind(1), images, strict=True):
            yield batch, seen.view(len(batch), -1, *seen.shape[1:])

    def parts(self, rows: Tensor, at_once: int) -> list[tuple[Tensor, slice, float]]:
        """Return the parts of this process's batch that are worked on one by one.

        Args:
            rows: numbers of the images of the whole batch.
            at_once: images in a part at most; but two at least.

        Returns:
            Numbers of a part's images, their place in the process's batch, and what
            part of the loss theirs is: by images, or by labels where some are learnt.
        """
        whole = rows.view(processes(), -1)
        size = whole.shape[1]
        n_parts = max(1, min(-(-size // at_once), size // 2))
        edges = [size * part // n_parts for part in range(n_parts + 1)]
        columns = [slice(*edge) for edge in pairwise(edges)]
        counts = [self._counted(whole[:, column]) for column in columns]
        return [
            (whole[rank(), column], column, count / max(1, sum(counts)))
            for column, count in zip(columns, counts, strict=True)
        ]

    def _counted(self, rows: Tensor) -> int:
        """Count images, or known labels where some are learnt."""
        if self.targets is None:
            return rows.numel()
        return int((~self.targets[rows.flatten()].isnan()).sum())

    def broken(self, what: str, step: int, rows: Tensor) -> InputError:
        """Return the error that says of which images `what` is not finite at `step`."""
        images = sorted(rows.flatten().tolist())
        chosen = self.table.iloc[images[:NAMED]]
        names = ", ".join(chosen["dataset"] + "/" + chosen["image_id"])
        more = f" and {len(images) - NAMED} more" if len(images) > NAMED else ""
        return InputError(
            f"the {what} is not finite at step {step}, of the images {names}{more}; "
            "look at them, or try a lower learning_rate"
        )


def read(pool: Path, stores: Sequence[Path], size_px: int) -> Pool:
    """Return the images that the table `pool` names, from the shards of `stores`."""
    table = POOL.read(pool)
    files = by_dataset(list(stores))
    opened = {name: Store(files[name], size_px) for name in table["dataset"].unique()}
    feed = Feed(
        opened,
        table["dataset"].to_numpy(object),
        table["shard"].to_numpy(np.int64),
        table["row"].to_numpy(np.int64),
        sharing=processes(),
    )
    return Pool(table=table, feed=feed)


def told(table: pd.DataFrame, targets: pd.DataFrame, findings: list[str]) -> Tensor:
    """Return what a taught method is told of each image of a pool's `table`.

    Args:
        table: POOL.
        targets: POOL_TARGETS.
        findings: in the order of the columns.

    Returns:
        float32, shape (images, findings): 1, 0, NaN unknown.
    """
    images = pd.MultiIndex.from_frame(table[IMAGE])
    rows = images.get_indexer(pd.MultiIndex.from_frame(targets[IMAGE]))
    columns = pd.Index(findings).get_indexer(pd.Index(targets["finding"]))
    values = np.full((len(images), len(findings)), np.nan, np.float32)
    values[rows, columns] = targets["target"]
    return torch.from_numpy(values)
