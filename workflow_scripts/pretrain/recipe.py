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
    options: dict[str, Any]
    findings: list[str]  # that a taught method learns
    augmentation: str
    sampling: dict[str, float]  # how often a dataset's images are met, relative
    epochs: int
    batch_size: int  # images of all processes per step
    images_at_once: int | str | None  # of one process; auto: as many as there is room
    optimiser: str  # adamw, lars or sgd
    learning_rate: float  # per 256 images; scaled linearly with batch_size
    warmup_epochs: float  # at most a fifth of all epochs
    weight_decay: float
    weight_decay_end: float | None  # half a cosine leads there; None: it stays
    clip_norm: float | None  # of all gradients together
    drop_path: float  # share of residual branches that are left out
    average: float  # decay of the averaged encoder that is published; 0: the last one
    processes: int  # on one machine; with GPUs, one for each
    compile: str  # auto: on a GPU; always or never
    seed: int
