"""Patient pairs: MoCo v2, whose second view shows another image of the patient.

Vu et al. 2021, "MedAug: Contrastive learning leveraging patient metadata improves
representations for chest X-ray interpretation", https://arxiv.org/abs/2102.10663. Loss,
queue and negatives are those of MoCo v2; hard negatives brought the paper no gain.

What did best there (linear layer, 1 % of CheXpert's labels, pleural effusion) was the
same patient, the same study and all lateralities: `study: same, same_view: false`. Here
it is other studies unless one says so: where lateral views are left out, most studies
hold one image. The price is that findings may differ between two studies.

An image is its own partner only if it has no other; in the authors' code it may always
be. An image without a study id counts as a study of its own.
"""

from dataclasses import dataclass

from torch import nn

from workflow_scripts.pretrain.methods import Shape, moco


@dataclass(frozen=True, kw_only=True)
class Options(moco.Options):
    """What the paper lets one choose, besides what MoCo does."""

    study: str = "other"  # that the partner is from: other, same or any
    same_view: bool = True  # frontal with frontal, where there are such partners


class Method(moco.Method):
    """MoCo v2; the loop shows its second view of a partner (`pretrain.partners`)."""

    views = 2
    local_views = 0
    partners = True

    def __init__(self, encoder: nn.Module, shape: Shape, options: Options) -> None:
        """As MoCo's; `study` and `same_view` are for the loop to read."""
        super().__init__(encoder, shape, options)
        self.study = options.study
        self.same_view = options.same_view
