"""When to do what is not training: so seldom that it takes little of the time."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Pace:
    """Spaces out a kind of work by what it took the last time."""

    def __init__(self, share: float, longest_s: float = math.inf) -> None:
        """Begin with work that is due.

        Args:
            share: of all time that the work may take.
            longest_s: between two times, however long it takes.
        """
        self.share, self.longest_s = share, longest_s
        self.ended, self.took = time.monotonic(), 0.0

    @property
    def due(self) -> bool:
        """Whether it is time for it again."""
        pause = min(self.longest_s, self.took / self.share)
        return time.monotonic() - self.ended >= pause

    @contextmanager
    def working(self) -> Iterator[None]:
        """Note how long the work takes that is done within."""
        begun = time.monotonic()
        yield
        self.ended = time.monotonic()
        self.took = self.ended - begun
