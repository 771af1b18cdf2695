"""How many labelled images each classifier was trained with."""

import pandas as pd

from workflow_scripts.core.errors import InputError


class LabelsUsed:
    """The counts that the selections of all arms carry."""

    def __init__(self, arms: list[list[str]], selections: list[pd.DataFrame]) -> None:
        """Join `selections`: for each arm in turn, one table for each budget.

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
        self.budgets = [str(name) for name in joined["budget"].unique()]
        chosen = joined[joined["chosen"] == 1]
        keys = ["encoder", "protocol", "budget", "draw", "finding"]
        self._known = chosen.groupby(keys)["n_labels"].max().to_dict()
        whole = chosen.groupby(keys[:-1])["n_labels"].max()
        self._macro = whole.to_dict()
        self._draws = whole.reset_index().groupby(keys[:-2])["draw"].agg(list).to_dict()

    def count(self, row: dict[str, object]) -> int:
        """Return the labelled images behind a row of metrics; the mean over draws.

        Raises:
            InputError: if no selection tells of that classifier.
        """
        arm = row["encoder"], row["protocol"], row["budget"]
        draws = self._draws.get(arm, [])
        if row["draw"] != "all":
            draws = [draw for draw in draws if str(draw) == row["draw"]]
        if not draws:
            raise InputError(f"selections: nothing on {arm}, draw {row['draw']}")
        counts = [self._one((*arm, draw), str(row["finding"])) for draw in draws]
        return round(sum(counts) / len(counts))

    def _one(self, fit: tuple[object, ...], finding: str) -> int:
        """Return the count of one classifier: of `finding`, or of all alike."""
        for name in (finding, "all"):
            if (*fit, name) in self._known:
                return int(self._known[*fit, name])
        return int(self._macro[fit])
