"""Images are normalised as the card says: by the parent, or by the training images."""

import numpy as np
import pandas as pd
import pytest

from workflow_scripts.core.encoders import Card
from workflow_scripts.core.errors import InputError
from workflow_scripts.pretrain.cards import of_intensity

CARD = Card(timm={}, size_px=8, mean=0.5, deviation=0.25)


def table(name, images):
    measured = {"mean": np.nan, "deviation": np.nan}
    if len(images):
        measured = {"mean": images.mean(), "deviation": images.std()}
    return pd.DataFrame([{"dataset": name, "n_images": len(images)} | measured])


def test_the_pool_counts_as_all_its_images_together():
    generator = np.random.default_rng(0)
    own = generator.uniform(0.1, 0.4, (7, 8, 8))
    far = generator.uniform(0.3, 0.9, (20, 8, 8))
    tables = [table("own", own), table("none", own[:0]), table("far", far)]
    card = of_intensity(CARD, tables)
    together = np.concatenate([own, far])
    assert card.mean == pytest.approx(together.mean())
    assert card.deviation == pytest.approx(together.std())
    assert card.size_px == CARD.size_px


@pytest.mark.parametrize("images", [np.zeros((0, 8, 8)), np.full((3, 8, 8), 0.5)])
def test_images_of_one_grey_value_cannot_normalise(images):
    with pytest.raises(InputError, match="one grey value only"):
        of_intensity(CARD, [table("own", images)])
