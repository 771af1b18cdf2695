"""Which files the jobs on encoders take: weights, parents, pools."""

from pathlib import Path
from typing import Any

from workflow_scripts.plan import names
from workflow_scripts.plan.listing import each
from workflow_scripts.plan.settings import Settings

ENCODERS = "results/encoders"


class EncoderFiles:
    """The input functions on encoders, bound to one config."""

    def __init__(self, config: Settings) -> None:
        """Remember the checked `config`."""
        self.config = config

    def weights(self, wildcards: Any) -> list[str]:  # noqa: ANN401
        """List the weights that a user brings for an encoder: none or one."""
        weights = self.config["encoders"][wildcards.encoder]["weights"]
        if weights.startswith("https:"):
            return [f"{ENCODERS}/{wildcards.encoder}/fetched.weights"]
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
            return self._each(
                pattern, self.config["encoders"][wildcards.encoder]["data"]
            )

        return of_pool

    def taught(self) -> list[str]:
        """List the encoders that learn findings."""
        trained = names.trained(self.config)
        return [name for name in trained if self.config["encoders"][name]["findings"]]

    def pool_targets(self, wildcards: Any) -> list[str]:  # noqa: ANN401
        """List the table of what an encoder is told of its pool: none or one."""
        if wildcards.encoder not in self.taught():
            return []
        return [f"results/prepare/pools/{wildcards.encoder}.targets.parquet"]

    def watched(self, pattern: str) -> Any:  # noqa: ANN401
        """Return an input function: `pattern` for the task an encoder is watched by."""

        def of_watched(wildcards: Any) -> list[str]:  # noqa: ANN401
            task = self.config["encoders"][wildcards.encoder]["watch"]
            if task is None:
                return []
            data = [self.config["tasks"][task]["data"]]
            return self._each(pattern.replace("{task}", task), data)

        return of_watched

    def walls(self, pattern: str) -> Any:  # noqa: ANN401
        """Return an input function: `pattern` for each dataset not to be met."""

        def of_walls(wildcards: Any) -> list[str]:  # noqa: ANN401
            data = self.config["encoders"][wildcards.encoder]["data"]
            return self._each(pattern, names.neighbours(self.config, data))

        return of_walls

    def _each(self, pattern: str, datasets: list[str]) -> list[str]:
        return each(self.config, pattern, datasets)
