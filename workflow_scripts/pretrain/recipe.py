"""What a user may choose for one pretraining run."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What a user may choose for one run (config.yaml: ``encoders``)."""

    datasets: list[str]  # as the tables of intensity are
    size_px: int
    intensity: str  # parent, or pool: whose grey values become mean 0, deviation 1
    method: str
    epochs: int
    batch_size: int
    learning_rate: float  # per 256 images; scaled linearly with batch_size
    weight_decay: float
    warmup_epochs: int  # at most a fifth of all epochs
    augmentation: str
    options: dict[str, Any]
    seed: int
