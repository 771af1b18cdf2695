"""What stands on both sides of a wall forbids that anything is measured."""

import pandas as pd

from workflow_scripts.core.errors import InputError


def refuse_leaks(leakage: pd.DataFrame) -> None:
    """Refuse to measure anything over a leak.

    A pair is no leak if it was left out of the pool, or if a user kept it there on
    purpose (`transductive`), which the page tells.

    Raises:
        InputError: if a pair crosses a wall, and nobody left it out or asked for it.
    """
    if open_pairs := int((~(leakage["excluded"] | leakage["transductive"])).sum()):
        raise InputError(
            f"leakage: {open_pairs} pairs of images lie on both sides of a wall (see "
            f"results/prepare/leakage.parquet), so nothing is evaluated; give datasets "
            f"of one hospital the same `site`, or keep the repeated images in one only"
        )
