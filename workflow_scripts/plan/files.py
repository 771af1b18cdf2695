"""Which files a job takes, where that depends on the config.

Each function is an input function of the rule it is named after.
"""

import os.path
from typing import Any

from snakemake.io import ancient

from workflow_scripts.plan import adapters, lungs, names
from workflow_scripts.plan.encoder_files import EncoderFiles
from workflow_scripts.plan.settings import simulated


class Files(EncoderFiles):
    """The input functions, bound to one config."""

    def root(self, wildcards: Any) -> str:  # noqa: ANN401 (Snakemake's Wildcards)
        """Return the folder that holds a dataset's files.

        The folder's own time stamp says nothing of a shard: recipes hold the states.
        """
        dataset = self.config["datasets"][wildcards.dataset]
        if simulated(self.config, dataset):
            return str(dataset["root"])
        root: str = ancient(dataset["root"])
        return root

    def tables(self, wildcards: Any) -> list[str]:  # noqa: ANN401
        """List a dataset's label tables, as its adapter or its `labels` name them."""
        found = adapters.tables(self.config["datasets"][wildcards.dataset])
        return [os.path.normpath(path) for path in found]

    def known_tables(self, wildcards: Any) -> list[str]:  # noqa: ANN401
        """List the same tables; a digest of what they tell stands for their time."""
        dataset = self.config["datasets"][wildcards.dataset]
        found = self.tables(wildcards)
        if simulated(self.config, dataset):
            return found
        return [ancient(path) for path in found]

    def masks(self, wildcards: Any) -> list[str]:  # noqa: ANN401
        """List a dataset's sources of lung masks: none or one."""
        place = adapters.mask_place(self.config["datasets"][wildcards.dataset])
        return [os.path.normpath(place)] if place else []

    def each_shard(self, pattern: str) -> Any:  # noqa: ANN401
        """Return an input function: `pattern` for each shard of a dataset."""

        def of_shards(wildcards: Any) -> list[str]:  # noqa: ANN401
            return self._each(pattern, [wildcards.dataset])

        return of_shards

    def datasets(self) -> list[str]:
        """List all datasets."""
        return list(self.config["datasets"])

    def drawn(self, pattern: str) -> list[str]:
        """List `pattern` for each dataset in which somebody drew lungs."""
        return self._each(pattern, lungs.drawn(self.config))

    def teachers(self, pattern: str) -> list[str]:
        """List `pattern` for each dataset whose drawn lungs teach the finder."""
        return self._each(pattern, lungs.taught_by(self.config))

    def lung_weights(self, wildcards: Any) -> list[str]:  # noqa: ANN401
        """List the weights of the lung finder: none or one."""
        return lungs.weights(self.config)

    def lung_dice(self) -> list[str]:
        """List the table of the lung finder's agreement with drawn lungs, if any."""
        checked = lungs.drawn(self.config) and lungs.finder(self.config) != "drawn"
        return ["results/prepare/lung_finder/dice.parquet"] if checked else []

    def beside(self, pattern: str) -> Any:  # noqa: ANN401
        """Return an input function: `pattern` for each tested dataset of one's site."""

        def of_site(wildcards: Any) -> list[str]:  # noqa: ANN401
            near = names.neighbours(self.config, [wildcards.dataset])
            return self._each(pattern, near)

        return of_site

    def part(self, pattern: str) -> Any:  # noqa: ANN401
        """Return an input function: `pattern` for each dataset of a task's part."""

        def of_part(wildcards: Any) -> list[str]:  # noqa: ANN401
            task = self.config["tasks"][wildcards.task]
            part = getattr(wildcards, "part", "test")  # which has all of them
            return self._each(pattern, names.datasets_of(task, part))

        return of_part

    def training(self, pattern: str) -> Any:  # noqa: ANN401
        """Return an input function: `pattern` for the dataset a task is trained on."""

        def of_training(wildcards: Any) -> list[str]:  # noqa: ANN401
            return self._each(pattern, [self.config["tasks"][wildcards.task]["data"]])

        return of_training

    def each(self, pattern: str) -> Any:  # noqa: ANN401
        """Return an input function: `pattern` for each dataset."""

        def of_all(wildcards: Any) -> list[str]:  # noqa: ANN401
            return self._each(pattern, self.datasets())

        return of_all

    def shown(self, pattern: str) -> Any:  # noqa: ANN401
        """Return an input function: `pattern` for each dataset, if images are shown."""

        def of_shown(wildcards: Any) -> list[str]:  # noqa: ANN401
            asked = self.config["report"]["example_images"]
            return self._each(pattern, self.datasets() if asked else [])

        return of_shown

    def masks_of(self, part: str) -> Any:  # noqa: ANN401
        """Return an input function: drawn lungs, where a task asks for a picture."""

        def of_masks(wildcards: Any) -> list[str]:  # noqa: ANN401
            pattern = "results/prepare/{dataset}/store/{shard}.drawn"
            return self._if_picture(wildcards.task, part, pattern)

        return of_masks

    def drawn_tables(self, wildcards: Any) -> list[str]:  # noqa: ANN401
        """List what says in which images something was drawn, as `masks_of` does."""
        pattern = "results/prepare/{dataset}/store/{shard}.drawn.parquet"
        return self._if_picture(wildcards.task, wildcards.part, pattern)

    def _if_picture(self, name: str, part: str, pattern: str) -> list[str]:
        """List `pattern` for each dataset of a part, if a task asks for a picture."""
        task = self.config["tasks"][name]
        if not names.asks_pictures(task):
            return []
        return self._each(pattern, names.datasets_of(task, part))

    def arms(self, pattern: str) -> Any:  # noqa: ANN401
        """Return an input function: `pattern` for every arm of a task.

        And for every budget in turn, if the pattern names them.
        """

        def of_task(wildcards: Any) -> list[str]:  # noqa: ANN401
            task = wildcards.task
            each = [
                pattern.format(
                    task=task, encoder=encoder, protocol=protocol, budget=budget
                )
                for encoder, protocol in names.arms(self.config, task)
                for budget in names.budgets(self.config)
            ]
            return list(dict.fromkeys(each))

        return of_task
