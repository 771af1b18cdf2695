"""Which files a job takes, where that depends on the config.

Each function is an input function of the rule it is named after.
"""

import os.path
from pathlib import Path
from typing import Any

from workflow_scripts.plan import names
from workflow_scripts.plan.settings import Settings

INGEST = "results/ingest"
PREPARE = "results/prepare"
ENCODERS = "results/encoders"
FINETUNE = "results/finetune"


class Files:
    """The input functions, bound to one config."""

    def __init__(self, config: Settings) -> None:
        """Remember the checked `config`."""
        self.config = config

    def root(self, wildcards: Any) -> str:  # noqa: ANN401 (Snakemake's Wildcards)
        """Return the folder that holds a dataset's files."""
        return str(self.config["datasets"][wildcards.dataset]["root"])

    def tables(self, wildcards: Any) -> list[str]:  # noqa: ANN401
        """List a dataset's label tables: none or one."""
        dataset = self.config["datasets"][wildcards.dataset]
        if not dataset["labels"]:
            return []
        return [_below(dataset["root"], dataset["labels"]["table"])]

    def masks(self, wildcards: Any) -> list[str]:  # noqa: ANN401
        """List a dataset's folders of lung masks: none or one."""
        dataset = self.config["datasets"][wildcards.dataset]
        if not dataset["lung_masks"]:
            return []
        return [_below(dataset["root"], dataset["lung_masks"])]

    def shards(self) -> list[int]:
        """List the numbers of the shards that decoding is cut into."""
        return list(range(self.config["ingest"]["shards"]))

    def datasets(self) -> list[str]:
        """List all datasets."""
        return list(self.config["datasets"])

    def weights(self, wildcards: Any) -> list[str]:  # noqa: ANN401
        """List the weights that a user brings for an encoder: none or one."""
        weights = self.config["encoders"][wildcards.encoder]["weights"]
        if not weights.startswith("file:"):
            return []
        return [str(Path(weights[5:]).expanduser())]

    def parent(self, wildcards: Any) -> str:  # noqa: ANN401
        """Return the weights of the encoder that another starts from."""
        return f"{ENCODERS}/{self._parent(wildcards)}/encoder.safetensors"

    def parent_card(self, wildcards: Any) -> str:  # noqa: ANN401
        """Return the card of the encoder that another starts from."""
        return f"{ENCODERS}/{self._parent(wildcards)}/encoder.json"

    def _parent(self, wildcards: Any) -> str:  # noqa: ANN401
        return str(self.config["encoders"][wildcards.encoder]["from"])

    def pool(self, pattern: str) -> Any:  # noqa: ANN401
        """Return an input function: `pattern` for each dataset of an encoder."""

        def of_pool(wildcards: Any) -> list[str]:  # noqa: ANN401
            data = self.config["encoders"][wildcards.encoder]["data"]
            return [pattern.format(dataset=name) for name in data]

        return of_pool

    def walls(self, pattern: str) -> Any:  # noqa: ANN401
        """Return an input function: `pattern` for each dataset not to be met."""

        def of_walls(wildcards: Any) -> list[str]:  # noqa: ANN401
            data = self.config["encoders"][wildcards.encoder]["data"]
            others = names.neighbours(self.config, data)
            return [pattern.format(dataset=name) for name in others]

        return of_walls

    def task(self, pattern: str) -> Any:  # noqa: ANN401
        """Return an input function: `pattern` for each dataset of a task."""

        def of_task(wildcards: Any) -> list[str]:  # noqa: ANN401
            task = self.config["tasks"][wildcards.task]
            datasets = names.datasets_of(task, "test")
            return [pattern.format(dataset=name) for name in datasets]

        return of_task

    def part(self, pattern: str) -> Any:  # noqa: ANN401
        """Return an input function: `pattern` for each dataset of a task's part."""

        def of_part(wildcards: Any) -> list[str]:  # noqa: ANN401
            task = self.config["tasks"][wildcards.task]
            datasets = names.datasets_of(task, wildcards.part)
            return [pattern.format(dataset=name) for name in datasets]

        return of_part

    def training(self, pattern: str) -> Any:  # noqa: ANN401
        """Return an input function: `pattern` for the dataset a task is trained on."""

        def of_training(wildcards: Any) -> str:  # noqa: ANN401
            return pattern.format(dataset=self.config["tasks"][wildcards.task]["data"])

        return of_training

    def arms(self, pattern: str) -> list[str]:
        """List `pattern` for every arm; `{task}` stays a wildcard."""
        pairs = names.arms(self.config)
        return [
            pattern.format(task="{task}", encoder=encoder, protocol=protocol)
            for encoder, protocol in pairs
        ]


def _below(root: str, path: str) -> str:
    """Return `path` as seen from the working folder, `..` folded away."""
    return os.path.normpath(Path(root) / path)
