"""Draw another image of the same patient, for methods that pair images by patient."""

import logging

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from workflow_scripts.core.errors import InputError

STUDIES = ("other", "same", "any")  # that a partner may come from
FRONTAL = r"(?:PA|AP|FRONTAL)\b"  # begins a frontal View Position (0018,5101)

Numbers = NDArray[np.int64]

log = logging.getLogger(__name__)


class Partners:
    """Which other images of its patient each image of a pool may be paired with.

    Images are brought into an order in which the candidates of an image stand side by
    side, but for a hole: its own study, or itself. So it takes four numbers an image,
    however many candidates there are.
    """

    def __init__(
        self, pool: pd.DataFrame, study: str = "other", *, same_view: bool = True
    ) -> None:
        """Find the candidates of every image of the `pool`.

        Args:
            pool: the POOL table; images are numbered as its rows. An image whose
                patient is missing has no candidate; one whose study is missing is a
                study of its own.
            study: of a candidate, seen from the image: other, same or any.
            same_view: prefer candidates of the same group of view positions (frontal,
                not frontal, unknown); the others serve where there is none.

        Raises:
            InputError: if `study` is none of those words.
        """
        if study not in STUDIES:
            known = ", ".join(STUDIES)
            raise InputError(f"options: study: {study!r} is not one of {known}")
        own = np.arange(len(pool))
        patient, examination = _codes(pool["patient_id"]), _codes(pool["study_id"])
        orders, spans = [own], np.stack([own, own + 1, own, own])  # at first, itself
        groups = [(patient,), (patient, _view_group(pool["view_position"]))]
        for group in groups[: 1 + same_view]:  # what is preferred comes last
            order, found = _candidates(group, examination, study)
            begin, end, hole, hole_end = found
            some = end - begin > hole_end - hole
            spans = np.where(some, found + sum(map(len, orders)), spans)
            orders.append(order)
        self._order = torch.from_numpy(np.concatenate(orders))
        self._spans = torch.from_numpy(spans)
        self.n_paired = int((spans[0] >= len(pool)).sum())
        log.info(
            "%d of %d images have a partner (of the same patient; study: %s); the rest "
            "are paired with themselves",
            *(self.n_paired, len(pool), study),
        )
        if not self.n_paired:
            log.warning("nobody has a second image: patients are of no use here")

    def draw(self, rows: Tensor, generator: torch.Generator) -> Tensor:
        """Return a partner of each image, one candidate being as likely as another.

        Args:
            rows: int64, on the CPU: images, numbered as the pool's rows.
            generator: on the CPU.

        Returns:
            As `rows`; an image without a candidate is its own partner.
        """
        begin, end, hole, hole_end = self._spans[:, rows]
        count = end - begin - (hole_end - hole)
        share = torch.rand(len(rows), generator=generator, dtype=torch.float64)
        place = begin + torch.minimum((share * count).long(), count - 1)
        return self._order[place + (hole_end - hole) * (place >= hole)]


def _candidates(
    group: tuple[Numbers, ...], examination: Numbers, study: str
) -> tuple[Numbers, Numbers]:
    """Return an order of all images, and where in it the candidates of each stand.

    Args:
        group: codes, each of shape (images,), that candidates share with the image.
        examination: code of the study of each image, shape (images,).
        study: other, same or any.

    Returns:
        The order, shape (images,), and the begin and end of each image's span, then of
        the hole in it, shape (4, images).
    """
    own = np.arange(len(examination))
    order = np.lexsort((examination, *reversed(group)))
    shared = (*group, examination) if study == "same" else group
    apart = (*group, examination) if study == "other" else (own,)
    return order, np.stack([*_runs(order, shared), *_runs(order, apart)])


def _runs(order: Numbers, codes: tuple[Numbers, ...]) -> tuple[Numbers, Numbers]:
    """Return the begin and end, in `order`, of the run of equal codes of each image."""
    if not len(order):
        return order, order
    changes = np.ones(len(order), dtype=bool)
    changes[1:] = np.any([np.diff(code[order]) != 0 for code in codes], axis=0)
    starts = np.flatnonzero(changes)
    number = np.empty(len(order), dtype=np.int64)
    number[order] = np.cumsum(changes) - 1
    return starts[number], np.append(starts[1:], len(order))[number]


def _codes(names: "pd.Series[str]") -> Numbers:
    """Return a number for each name; a missing one is like no other."""
    codes, known = pd.factorize(names)
    missing = codes < 0
    codes[missing] = len(known) + np.arange(int(missing.sum()))
    return codes.astype(np.int64)


def _view_group(positions: "pd.Series[str]") -> Numbers:
    """Return 0 for a frontal view, 1 for another, 2 where it is unknown."""
    frontal = positions.str.match(FRONTAL).fillna(value=False).to_numpy(bool)
    return np.where(positions.isna(), 2, np.where(frontal, 0, 1))
