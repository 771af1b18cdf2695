"""Curves of a training run for TensorBoard, in one file of events."""

import io
import math
from collections.abc import Sequence
from pathlib import Path

Row = dict[str, float]


def write(history: Sequence[Row], path: Path) -> None:
    """Write a run's curves at `path`; what is already there is added to, not replaced.

    A TensorBoard that looks on reads only what is added to a file. The bytes follow
    from the `history` alone, so those of its first epochs are how the whole begins.

    Args:
        history: one row for each epoch, as in the table of training; NaN is left out.
        path: of the file, whose name must hold `tfevents`.
    """
    events = _events(history)
    there = path.read_bytes() if path.is_file() else b""
    if there and events.startswith(there):
        with path.open("ab") as file:
            file.write(events[len(there) :])
    else:  # new, or of a run that went back to an earlier epoch
        path.write_bytes(events)


def _events(history: Sequence[Row]) -> bytes:
    """Return the records: the version of the format, then one for each epoch.

    Their time is that since the run began, as if it had begun in 1970.
    """
    # late, since only who writes needs it
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.record_writer import RecordWriter

    file = io.BytesIO()
    writer = RecordWriter(file)
    writer.write(Event(wall_time=0, file_version="brain.Event:2").SerializeToString())
    seconds = 0.0
    for row in history:
        seconds += row["seconds"]
        curves = [
            Summary.Value(tag=name, simple_value=value)
            for name, value in row.items()
            if name != "epoch" and not math.isnan(value)
        ]
        event = Event(
            wall_time=seconds, step=int(row["epoch"]), summary=Summary(value=curves)
        )
        writer.write(event.SerializeToString())
    return file.getvalue()
