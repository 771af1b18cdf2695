"""Patient pairs are MoCo, shown another image of the patient."""

import torch
from torch import nn

from workflow_scripts.pretrain.methods import Shape, moco, patient_pairs

SMALL = {"projection_width": 4, "hidden_width": 8, "queue_size": 6}


def made(module, **options):
    torch.manual_seed(0)
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(64, 8))
    shape = Shape(width=8, map_width=8, size_px=8)
    return module.Method(encoder, shape, module.Options(**SMALL, **options))


def views(seed=1):
    return torch.randn(2, 3, 1, 8, 8, generator=torch.Generator().manual_seed(seed))


def test_the_loss_and_what_follows_it_are_mocos_to_the_bit():
    pairs, plain = made(patient_pairs), made(moco)
    for step in range(3):
        losses = [method(*views(step)) for method in (pairs, plain)]
        assert torch.equal(*losses)
        for method in (pairs, plain):
            method.after_step((step + 1) / 3)
    ours, theirs = pairs.state_dict(), plain.state_dict()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_it_asks_for_partners_from_other_studies_unless_told_otherwise():
    assert patient_pairs.Method.partners
    method = made(patient_pairs)
    assert (method.study, method.same_view) == ("other", True)
    papers = made(patient_pairs, study="same", same_view=False)
    assert (papers.study, papers.same_view) == ("same", False)


def test_its_other_options_and_their_defaults_are_mocos():
    ours, theirs = vars(patient_pairs.Options()), vars(moco.Options())
    assert ours == {**theirs, "study": "other", "same_view": True}
