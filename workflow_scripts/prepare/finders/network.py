"""A network that learnt from drawn lungs.

Each picture is shown twice, altered: with another gamma, smaller, and moved. What is
found is mapped back, and the mean of both is the answer. How far the two agree says how
sure it is: what a network has learnt well it finds in any light and at any place.
Neither pass cuts anything off, since lungs may reach the border of a picture.
"""

from pathlib import Path

import numpy as np

from workflow_scripts.core.device import placed
from workflow_scripts.prepare import lung_network
from workflow_scripts.prepare.finders import Finder, Found, Squares
from workflow_scripts.prepare.lung_passes import Pass, probabilities
from workflow_scripts.prepare.lung_quality import dice

PASSES = (
    Pass(gamma=0.75),
    Pass(gamma=1.3, scale=1.08, shift=(0.05, 0.05)),
)


def finder(weights: Path | None) -> Finder:
    """Return a finder that shows pictures to the network in the file `weights`."""
    assert weights is not None, "the plan gives a network its weights"
    network, card = lung_network.load(weights)
    network = placed(network).eval()

    def find(squares: Squares) -> Found:
        one, other = (
            probabilities(network, card.side_px, squares.pictures, how)
            for how in PASSES
        )
        half = np.float32(0.5)
        return Found(
            lungs=(one + other) / 2 >= half,
            agreement=dice(one >= half, other >= half, empty=0.0),
        )

    return find
