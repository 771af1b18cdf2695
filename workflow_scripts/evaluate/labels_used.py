"""How many labels each classifier was trained and chosen with, and at what cost."""

from typing import Any

import pandas as pd

from workflow_scripts.core.errors import InputError

Counts = dict[str, int]  # by the name of the column
Known = dict[Any, Any]  # counts of a classifier; pandas' keys are Hashable

COLUMNS = ["n_labels", "n_choosing"]


class LabelsUsed:
    """The counts that the selections of all arms carry."""

    def __init__(
        self,
        arms: list[list[str]],
        selections: list[pd.DataFrame],
        *,
        count_choosing: bool,
    ) -> None:
        """Join `selections`: for each arm in turn, one table for each budget.

        Labels that chose are among those used where `count_choosing` says so.

        Raises:
            InputError: if the arms have not equally many tables.
        """
        each, rest = divmod(len(selections), len(arms))
        if rest or not each:
            raise InputError(f"selections: {len(selections)} for {len(arms)} arms")
        parts = [
            selection.assign(encoder=arms[number // each][0]).assign(
                protocol=arms[number // each][1]
            )
            for number, selection in enumerate(selections)
        ]
        joined = pd.concat(parts, ignore_index=True)
        if count_choosing:
            joined["n_labels"] += joined["n_choosing"]
        self.budgets = [str(name) for name in joined["budget"].unique()]
        chosen = joined[joined["chosen"] == 1]
        keys = ["encoder", "protocol", "budget", "draw", "finding"]
        self._known: Known = chosen.groupby(keys)[COLUMNS].max().to_dict("index")
        whole = chosen.groupby(keys[:-1])[COLUMNS].max()
        self._macro: Known = whole.to_dict("index")
        tried = joined.groupby(keys[:-1])
        cost = tried.agg(n_tried=("candidate", "size"), n_steps=("steps", "sum"))
        self._cost: Known = cost.to_dict("index")
        self._draws = whole.reset_index().groupby(keys[:-2])["draw"].agg(list).to_dict()

    def count(self, row: dict[str, object]) -> Counts:
        """Return the labelled images behind a row of metrics; the mean over draws.

        Raises:
            InputError: if no selection tells of that classifier.
        """
        fits = self._fits(row)
        counts = [self._one(fit, str(row["finding"])) for fit in fits]
        return {
            name: round(sum(count[name] for count in counts) / len(counts))
            for name in COLUMNS
        }

    def cost(self, row: dict[str, object]) -> Counts:
        """Return what the classifiers behind a row of metrics cost: sums over draws.

        Raises:
            InputError: if no selection tells of them.
        """
        costs = [self._cost[fit] for fit in self._fits(row)]
        return {name: int(sum(cost[name] for cost in costs)) for name in costs[0]}

    def _fits(self, row: dict[str, object]) -> list[tuple[object, ...]]:
        """List the classifiers behind a row of metrics: of one draw, or of all."""
        arm = row["encoder"], row["protocol"], row["budget"]
        draws = self._draws.get(arm, [])
        if row["draw"] != "all":
            draws = [draw for draw in draws if str(draw) == row["draw"]]
        if not draws:
            raise InputError(f"selections: nothing on {arm}, draw {row['draw']}")
        return [(*arm, draw) for draw in draws]

    def _one(self, fit: tuple[object, ...], finding: str) -> Counts:
        """Return the counts of one classifier: of `finding`, or of all alike."""
        for name in (finding, "all"):
            if (*fit, name) in self._known:
                return dict(self._known[*fit, name])
        return dict(self._macro[fit])
