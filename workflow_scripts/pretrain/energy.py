"""What training costs: GPU-hours, and energy where the machine tells it."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from workflow_scripts.core.device import device

POWERCAP = Path("/sys/class/powercap")  # Linux' counters of processor packages


@dataclass
class Counter:
    """Something that counts joules."""

    read: Callable[[], float]  # joules since a moment long ago
    span: float  # joules after which it begins anew; inf if never
    last: float  # its last reading
    used: float = 0.0  # joules since it was first read

    def note(self) -> None:
        """Add what was used since the last reading."""
        now = self.read()
        rise = now - self.last
        self.used += rise if rise >= 0 else rise + self.span
        self.last = now


class Meter:
    """The energy that a GPU and the processor packages have used since it was made.

    All that runs on them counts, whosever it is. Packages are what the kernel lets this
    user read, often nothing; memory and the rest of the machine are not in it.
    """

    def __init__(
        self, gpu: torch.device | None = None, powercap: Path | None = POWERCAP
    ) -> None:
        """Find what can be read, and begin.

        Args:
            gpu: the device of this process; the one in use when left out.
            powercap: folder of the packages' counters; None to leave them out, as all
                processes of a machine but one should.
        """
        self.counters: dict[str, Counter] = {}
        self.counters |= _gpu(gpu or device())
        if powercap is not None:
            self.counters |= dict(_packages(powercap))

    @property
    def sources(self) -> list[str]:
        """Return what is counted, such as GPU and package-0; empty if nothing is."""
        return list(self.counters)

    def wh(self) -> float:
        """Return the watt-hours used since the meter was made; NaN if unreadable.

        To be asked every few minutes: a package's counter begins anew after some 20 at
        200 W, and of two new beginnings only one is seen.
        """
        try:
            for counter in self.counters.values():
                counter.note()
        except (OSError, ValueError, RuntimeError):  # a counter that went away
            self.counters = {}
        if not self.counters:
            return math.nan
        return sum(counter.used for counter in self.counters.values()) / 3600


def gpu_hours(seconds: float, processes: int) -> float:
    """Return the GPU-hours of `processes`, each with a GPU; 0 where there is none."""
    return seconds * processes / 3600 if device().type == "cuda" else 0.0


def _packages(powercap: Path) -> Iterator[tuple[str, Counter]]:
    """Yield name and counter of each package that can be read.

    Zones within a package are part of it, and `intel-rapl-mmio` counts it once more.
    """
    for zone in sorted(powercap.glob("intel-rapl:*")):  # of AMD's processors too
        try:
            name = (zone / "name").read_text(encoding="ascii").strip()
            span = _joules(zone / "max_energy_range_uj")
            now = _joules(zone / "energy_uj")
        except (OSError, ValueError):
            continue
        if name.startswith("package"):
            yield name, Counter(partial(_joules, zone / "energy_uj"), span, now)


def _joules(path: Path) -> float:
    return int(path.read_text(encoding="ascii")) / 1e6


def _gpu(gpu: torch.device) -> dict[str, Counter]:
    """Return the counter of `gpu` (millijoules, of NVML); none if it has none."""
    if gpu.type != "cuda":
        return {}
    import pynvml

    uuid = torch.cuda.get_device_properties(gpu).uuid
    try:
        pynvml.nvmlInit()
        handle = pynvml.nvmlDeviceGetHandleByUUID(f"GPU-{uuid}")

        def read() -> float:
            try:
                joules: float = (
                    pynvml.nvmlDeviceGetTotalEnergyConsumption(handle) / 1000
                )
            except pynvml.NVMLError as error:
                raise RuntimeError(str(error)) from error
            return joules

        return {"GPU": Counter(read, math.inf, read())}
    except (pynvml.NVMLError, RuntimeError):  # no driver library, or a part of a GPU
        return {}
