"""Be stopped politely: the step is finished, all is saved, and the job asks for more.

A cluster sends SIGTERM before it takes a node away, and SIGUSR1 where one asks it to
(``--signal=USR1@120``). The exit code is that of a failure that may pass (EX_TEMPFAIL
of sysexits.h): the same command goes on from there.
"""

import logging
import os
import signal
from types import FrameType

GO_ON_LATER = os.EX_TEMPFAIL  # 75

log = logging.getLogger(__name__)


class Stop:
    """Whether this process has been asked to stop."""

    def __init__(self) -> None:
        """Listen, in place of ending at once."""
        self.asked = False
        for number in (signal.SIGTERM, signal.SIGUSR1):
            signal.signal(number, self._ask)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        log.warning("%s: saving after this step", signal.Signals(number).name)
        self.asked = True
