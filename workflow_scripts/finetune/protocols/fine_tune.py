"""Fine-tune: all weights of the encoder move, and of what answers on top of it.

The same steps at the same learning rates for every encoder and budget. Validation
chooses the rate, and the moment of training that is kept.

Layer decay (Clark et al. 2020, "ELECTRA", https://arxiv.org/abs/2003.10555; Bao et al.
2022, "BEiT", https://arxiv.org/abs/2106.08254) moves layers less, the nearer they are
to the image. It is off by default.

Early stopping (Prechelt 1998, https://doi.org/10.1007/3-540-49430-8_3) is off by
default too, so that all encoders get the same number of steps: with `patience`, a
training ends after so many looks at validation in a row that saw no gain, and
`selection` tells its steps. Rates fall as if all were to come.
"""

from typing import Any

import torch
from torch import nn

from workflow_scripts.finetune import all_weights, networks
from workflow_scripts.finetune.protocols import Fitted, Problem

PIXELS = True

score, assembled = networks.score, networks.assembled


def fit(problem: Problem, options: dict[str, Any], seed: int) -> Fitted:
    """Return the weights that validation likes best, of all rates and moments."""
    encoder, card = problem.images.load_encoder()
    asked, width = problem.asked, problem.images.features.shape[1]

    def begin(part: Problem) -> nn.Module:
        torch.manual_seed(seed)  # of what is new
        return asked.kind.network(encoder, width, len(asked.findings))

    return all_weights.fit(problem, begin, card, options, seed, keep_start=False)
