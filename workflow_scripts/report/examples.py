"""A few images as the encoders see them."""

import base64

import cv2
import numpy as np
from numpy.typing import NDArray

from workflow_scripts.core.store import Store
from workflow_scripts.report.blocks import Block, Picture, Section, Text
from workflow_scripts.report.material import Dataset, Material

N_IMAGES = 6
GAP_PX = 4
SIDE_PX = 224  # of an image on the page, at most
NOTICE = (
    "A chest X-ray can be traced to a person, even without a name. Take these pictures "
    "out (report.example_images: false) before the page leaves the house."
)


def section(material: Material) -> Section:
    """Return the section with some images of every dataset."""
    blocks: list[Block] = []
    if len(material.phantoms) < len(material.datasets):
        blocks.append(Text(text=NOTICE, strong=True))
    for dataset in material.datasets:
        if len(dataset.rows):
            kind = "phantoms, not patients" if dataset.phantom else "patients"
            caption = (
                f"{dataset.name} ({kind}): {material.size_px} px as encoders see it"
            )
            png = sheet(_chosen(dataset, material.size_px))
            blocks.append(Picture(caption=caption, png=png))
    return Section(anchor="examples", heading="A look at the images", blocks=blocks)


def _chosen(dataset: Dataset, size_px: int) -> NDArray[np.uint8]:
    """Return images evenly spread over the store."""
    rows = dataset.rows.sort_values(["shard", "row"])
    places = np.linspace(0, len(rows) - 1, min(N_IMAGES, len(rows))).astype(int)
    shards, numbers = rows["shard"].to_numpy(np.int64), rows["row"].to_numpy(np.int64)
    return Store(dataset.pixels, size_px).gather(shards[places], numbers[places])


def sheet(images: NDArray[np.uint8]) -> str:
    """Return `images` side by side as PNG in base64, each at most 224 px wide."""
    n_images, side = images.shape[:2]
    if side > SIDE_PX:
        size = SIDE_PX, SIDE_PX
        resized = [cv2.resize(i, size, interpolation=cv2.INTER_AREA) for i in images]
        images, side = np.stack(resized).astype(np.uint8), SIDE_PX
    canvas = np.full((side, n_images * (side + GAP_PX) - GAP_PX), 255, np.uint8)
    for number, image in enumerate(images):
        left = number * (side + GAP_PX)
        canvas[:, left : left + side] = image
    _, png = cv2.imencode(".png", canvas)
    return base64.b64encode(png.tobytes()).decode()
