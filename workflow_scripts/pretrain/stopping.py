"""Be stopped politely: the step is finished, all is saved, and the job asks for more.

A training saves when it hears SIGTERM or SIGUSR1, and before the time of its Slurm job
is over, which it reads (SLURM_JOB_END_TIME): what Slurm's ``--signal`` sends reaches
Snakemake, not the training. The exit code is that of a failure that may pass
(EX_TEMPFAIL of sysexits.h): the same command goes on from there.
"""

import logging
import math
import os
import signal
import time
from types import FrameType

GO_ON_LATER = os.EX_TEMPFAIL  # 75
TO_SAVE_S = 120.0  # before a job's time is over

log = logging.getLogger(__name__)


class Stop:
    """Whether this process has been asked to stop, or will soon be ended."""

    def __init__(self) -> None:
        """Listen, in place of ending at once."""
        self._told = False
        self._end = float(os.environ.get("SLURM_JOB_END_TIME", math.inf))
        for number in (signal.SIGTERM, signal.SIGUSR1):
            signal.signal(number, self._ask)

    @property
    def asked(self) -> bool:
        """Whether to save after this step."""
        return self._told or time.time() > self._end - TO_SAVE_S

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self._told = True
        log.warning("%s: saving after this step", signal.Signals(number).name)
