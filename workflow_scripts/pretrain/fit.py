"""Pretrain one encoder on its pool with one method."""

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Identity, Input, Inputs, Output
from workflow_scripts.core.workspace import workspace
from workflow_scripts.pretrain import launch
from workflow_scripts.pretrain.recipe import Recipe
from workflow_scripts.pretrain.training import Files, train


def main(
    *,
    parent: Input,
    parent_card: Input,
    pool: Input,
    targets: Inputs,
    stores: Inputs,
    intensities: Inputs,
    watched: Inputs,
    watched_stores: Inputs,
    watched_rows: Inputs,
    recipe: Recipe,
    identity: Identity,
    encoder: Output,
    card: Output,
    training: Output,
    events: Output,
) -> None:
    """Start from `parent`, learn from the images of `pool`, write the `encoder`."""
    files = Files(
        parent=parent,
        parent_card=parent_card,
        pool=pool,
        targets=targets,
        stores=stores,
        intensities=intensities,
        watched=watched,
        watched_stores=watched_stores,
        watched_rows=watched_rows,
        encoder=encoder,
        card=card,
        training=training,
        events=events,
    )
    with workspace(identity) as folder:
        if recipe.processes == 1:
            train(files, recipe, folder)
        else:
            launch.together(train, recipe.processes, files, recipe, folder)


if __name__ == "__main__":
    entry.run(main)
