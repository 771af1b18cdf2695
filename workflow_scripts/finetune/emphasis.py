"""How much more a present finding counts in training than an absent one."""

import numpy as np

from workflow_scripts.finetune.kinds import Floats


def balanced(targets: Floats) -> Floats:
    """Return absent over present images of each finding, among those that are known.

    With it, the present of a finding weigh as much together as the absent do. There is
    no cap: whoever has one in a hundred asks for a hundredfold weight.

    Args:
        targets: 1, 0, NaN unknown, shape (images, findings); what is uncertain, between
            0 and 1, is not counted.

    Returns:
        Shape (findings,); 1 where either is missing.
    """
    present, absent = (targets == 1).sum(axis=0), (targets == 0).sum(axis=0)
    ratio = np.ones(targets.shape[1])
    both = (present > 0) & (absent > 0)
    return np.divide(absent, present, out=ratio, where=both)
