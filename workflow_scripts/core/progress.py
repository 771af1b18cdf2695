"""Show how far long work has come: a bar on a terminal, plain lines in a log."""

import logging
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import track

Item = TypeVar("Item")

log = logging.getLogger(__name__)


def progress(
    items: Iterable[Item], *, total: int, what: str, every_s: float = 10.0
) -> Iterator[Item]:
    """Yield `items`, saying how many are done, how fast, and how long it will take.

    Args:
        items: what to go through.
        total: how many there are.
        what: their name in the plural, as it stands in the log.
        every_s: seconds between two lines of a log.
    """
    if sys.stderr.isatty():
        console = Console(stderr=True)
        yield from track(items, description=what, total=total, console=console)
        return
    begun = said = time.monotonic()
    for done, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if now - said >= every_s or done == total:
            said = now
            rate = done / max(now - begun, 1e-9)
            left = (total - done) / rate
            log.info("%s: %d of %d, %.4g/s, %.0f s left", what, done, total, rate, left)
