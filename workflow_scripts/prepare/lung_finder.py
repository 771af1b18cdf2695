"""Train the network that finds lungs, on pictures whose lungs somebody drew."""

import logging

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Identity, Inputs, Output
from workflow_scripts.core.errors import InputError
from workflow_scripts.prepare import lung_drawn, lung_network
from workflow_scripts.prepare.lung_training import Recipe, Training

log = logging.getLogger(__name__)


def main(
    *,
    examples: Inputs,
    listed: Inputs,
    recipe: Recipe,
    identity: Identity,
    network: Output,
) -> None:
    """Learn from the `examples` of part train, write the `network`.

    By its `identity` the network is kept: the same examples, written anew, train none.
    """
    drawn = lung_drawn.read(examples, listed, recipe.datasets)
    counts = drawn.listed["part"].value_counts()
    log.info("examples: %s", counts.to_dict())
    if not counts.get("train", 0):
        raise InputError(
            f"prepare.lungs: none of the {len(drawn.listed)} pictures with drawn lungs "
            f"in {', '.join(recipe.datasets)} may teach the lung finder: patients of a "
            "test split never do; give lung_masks of other patients, or `weights`, or "
            "`finder: threshold`"
        )
    if not counts.get("validation", 0):
        log.warning("no patient is left for validation: all steps are taken")
    lung_network.save(Training(drawn, recipe).run(), lung_network.OURS, network)


if __name__ == "__main__":
    entry.run(main)
