"""Train one encoder, in each of the processes that share the work."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import timm
import torch
from torch import Tensor, nn

from workflow_scripts.core import encoders
from workflow_scripts.core.device import placed
from workflow_scripts.core.encoders import Card
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.prepare import POOL_TARGETS
from workflow_scripts.core.tables.prepare_pixels import INTENSITY
from workflow_scripts.core.tables.pretrain import TRAINING
from workflow_scripts.pretrain import (
    alarm,
    cards,
    journal,
    methods,
    pooled,
    randomness,
    watch,
)
from workflow_scripts.pretrain.batch_norm import synchronised
from workflow_scripts.pretrain.loop import Run
from workflow_scripts.pretrain.partners import Partners
from workflow_scripts.pretrain.processes import rank
from workflow_scripts.pretrain.recipe import Recipe
from workflow_scripts.pretrain.stopping import Stop


@dataclass(frozen=True, kw_only=True)
class Files:
    """What a training reads and writes: the flags of `pretrain.fit`."""

    parent: Path
    parent_card: Path
    pool: Path
    targets: list[Path]
    stores: list[Path]
    intensities: list[Path]
    watched: list[Path]
    watched_stores: list[Path]
    watched_rows: list[Path]
    encoder: Path
    card: Path
    training: Path
    events: Path


def train(files: Files, recipe: Recipe, folder: Path) -> None:
    """Train from `files.parent` on, and let the first process write the encoder.

    Args:
        files: to read and to write.
        recipe: what the user chose.
        folder: of the checkpoints.
    """
    stop = Stop()
    randomness.begin([recipe.seed])  # all processes build the same
    model, known = begun(files, recipe)
    pool = pooled.read(files.pool, files.stores, recipe.size_px)
    lessons = [POOL_TARGETS.read(path) for path in files.targets]  # none or one
    for targets in lessons:
        values = pooled.told(pool.table, targets, recipe.findings)
        pool = dataclasses.replace(pool, targets=values)
        known = cards.with_labels(known, targets, recipe.findings)
    method = placed(synchronised(built(model, recipe, pool.targets)))
    if getattr(method, "partners", False):
        chosen: Any = method
        partners = Partners(pool.table, chosen.study, same_view=chosen.same_view)
        pool = dataclasses.replace(pool, partners=partners)
    run = Run(method, known, pool, recipe)
    run.schedule.refuse_slow_average()
    if files.watched:
        run.watch.task = watch.labelled(
            files.watched[0],
            files.watched_stores,
            files.watched_rows[0],
            recipe.size_px,
        )
    run.train(folder, stop)
    if rank() == 0:
        write(run, known, files, recipe)


def begun(files: Files, recipe: Recipe) -> tuple[nn.Module, Card]:
    """Return the encoder to start from, and its card, as this run normalises.

    Raises:
        InputError: if `drop_path` is asked of a network that cannot leave out branches.
    """
    model, known = encoders.load(files.parent, files.parent_card)
    if recipe.drop_path:
        try:
            dropping = timm.create_model(**known.timm, drop_path_rate=recipe.drop_path)
        except TypeError as error:
            name = known.timm["model_name"]
            raise InputError(
                f"drop_path: {name} has no residual branches to leave out; set it to 0"
            ) from error
        dropping.load_state_dict(model.state_dict())
        model = dropping
    if recipe.intensity == "pool":
        known = cards.of_intensity(
            known, [INTENSITY.read(path) for path in files.intensities]
        )
    return model, known


def built(encoder: nn.Module, recipe: Recipe, targets: Tensor | None = None) -> Any:  # noqa: ANN401 (any method's)
    """Build the method around the encoder, with the options that were given.

    Args:
        encoder: of timm.
        recipe: what the user chose.
        targets: that a taught method learns, see `pooled.told`.

    Raises:
        InputError: naming an option that the method does not have.
    """
    module = methods.load(recipe.method)
    known = {field.name for field in dataclasses.fields(module.Options)}
    if odd := sorted(recipe.options.keys() - known):
        raise InputError(
            f"options: {recipe.method} has no {odd[0]!r}; it has {sorted(known)}"
        )
    info: Any = encoder.eval()  # batch norm shall not learn from what is empty
    with torch.no_grad():
        empty = torch.zeros(2, 1, recipe.size_px, recipe.size_px)
        maps = info.forward_intermediates(
            empty, indices=1, norm=False, intermediates_only=True
        )
        shape = methods.Shape(
            width=info(empty).shape[1],
            map_width=maps[-1].shape[1],
            size_px=recipe.size_px,
            findings=len(recipe.findings),
            present_shares=()
            if targets is None
            else tuple(targets.nanmean(0).tolist()),
        )
    return module.Method(encoder, shape, module.Options(**recipe.options))


def write(run: Run, known: Card, files: Files, recipe: Recipe) -> None:
    """Publish the encoder, unless its features have collapsed."""
    account = run.moving.account
    alarm.check(account.history, account.start, taught=bool(recipe.findings))
    learnt_from = [files.pool, *files.targets]
    card = cards.trained(known, recipe, learnt_from, account.history)
    encoders.save(run.moving.encoder, card, files.encoder, files.card)
    TRAINING.write(pd.DataFrame(account.history), files.training)
    journal.write(account.history, files.events)
