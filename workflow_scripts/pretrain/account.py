"""What a run notes of itself, epoch by epoch."""

import logging
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import torch
from torch import Tensor

from workflow_scripts.core.device import device
from workflow_scripts.pretrain import alarm
from workflow_scripts.pretrain.energy import POWERCAP, Meter
from workflow_scripts.pretrain.gathered import processes, summed
from workflow_scripts.pretrain.processes import of_all, rank

Item = TypeVar("Item")

log = logging.getLogger(__name__)


def _meter() -> Meter:
    """Return a meter of this process's GPU; one process counts the processors too."""
    return Meter(powercap=POWERCAP if rank() == 0 else None)


@dataclass(kw_only=True)
class Account:
    """The epoch under way, and the history of those that are done."""

    losses: list[Tensor] = field(default_factory=list)  # of this process, of each step
    norms: list[Tensor] = field(default_factory=list)  # of gradients, before a cut
    seconds: float = 0.0  # spent on the epoch
    waited: float = 0.0  # of them, for images
    energy_wh: float = 0.0  # NaN where it cannot be read
    start: dict[str, float] = field(default_factory=dict)  # measured before any step
    history: list[dict[str, float]] = field(default_factory=list)
    meter: Meter = field(default_factory=_meter)

    def waited_for(self, items: Iterator[Item]) -> Iterator[Item]:
        """Yield `items`, and note how long they were waited for."""
        while True:
            asked = time.monotonic()
            item = next(items, None)
            self.waited += time.monotonic() - asked
            if item is None:
                return
            yield item

    def spent_since(self, clock: float) -> float:
        """Note the seconds since `clock`; return what it is now."""
        now = time.monotonic()
        self.seconds += now - clock
        return now

    def warn(self, *, taught: bool) -> None:
        """Warn in the log if the features look as if they had collapsed."""
        if math.isnan(self.history[-1]["feature_std"]):  # not measured
            return
        if fault := alarm.fault(self.history, self.start, taught=taught):
            log.warning("collapsed? %s", fault)

    def end_epoch(
        self, *, rates: dict[str, float], n_images: int, seen: dict[str, float]
    ) -> None:
        """Note how the epoch went, and begin the next.

        Args:
            rates: of the optimiser at its end.
            n_images: of all processes together.
            seen: what the features look like.
        """
        self._read_meter()
        loss = summed(torch.stack(self.losses).mean()) / processes()
        norm = float(torch.stack(self.norms).mean())
        row = {
            "epoch": len(self.history) + 1,
            "loss": float(loss),
            **rates,
            "gradient_norm": norm,
            "images_per_second": n_images / self.seconds,
            "waiting_share": self.waited / self.seconds,
            **seen,
            "energy_wh": self.energy_wh,
            "seconds": self.seconds,
        }
        told = "epoch %(epoch)d: loss %(loss).4f, %(images_per_second).0f images/s"
        if not math.isnan(row["feature_std"]):  # measured
            told += "; features: deviation %(feature_std).2f, rank %(effective_rank).1f"
        log.info(told, row)
        self.history.append(row)
        self.losses, self.norms = [], []
        self.seconds = self.waited = self.energy_wh = 0.0

    def _read_meter(self) -> None:
        used = [wh for wh in of_all(self.meter.wh()) if not math.isnan(wh)]
        self.energy_wh += sum(used) if used else math.nan
        self.meter = _meter()

    def state(self) -> dict[str, Any]:
        """Return all of it; to be asked for in all processes at once."""
        self._read_meter()
        return {
            "losses": of_all([loss.cpu() for loss in self.losses]),
            "norms": [norm.cpu() for norm in self.norms],
            "seconds": self.seconds,
            "waited": self.waited,
            "energy_wh": self.energy_wh,
            "start": self.start,
            "history": self.history,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a `state`."""
        own = {**state, "losses": state["losses"][rank()]}
        for name in ("losses", "norms"):
            own[name] = [value.to(device()) for value in own[name]]
        for name, value in own.items():
            setattr(self, name, value)
