"""How the lungs were found, what was cut away, and how bright images are."""

import pandas as pd

from workflow_scripts.report.blocks import Block, Grid, Section, Text
from workflow_scripts.report.material import Dataset, Material, records
from workflow_scripts.report.words import (
    MISSING,
    count,
    percent,
    plain,
    score,
    with_interval,
)

FINDERS = {
    "network": "A network that learnt from lungs that people drew finds the lungs in "
    "every picture.",
    "threshold": "Lungs are found by brightness and shape alone, without learning.",
    "drawn": "Only lungs that somebody drew are used; in other pictures none are "
    "looked for.",
}
CROPS = {
    "none": "Whole pictures are kept; the lungs serve to see what trivial models make "
    "of the rest.",
    "lungs": "Pictures are cut to a box around both lungs, {margin:.0%} wider on every "
    "side; all in that box is kept.",
    "masked": "Pictures are cut to a box around both lungs, {margin:.0%} wider on "
    "every side, and all in that box that is not lung is black.",
}
CHECKED = {  # by whose drawn lungs taught the finder
    "ours": "Agreement with drawn lungs that the finder has not learnt from",
    "others": "Agreement with drawn lungs; whether the finder has learnt from these is "
    "unknown, and if it has, it agrees with them better than with new ones",
    "nobody": "Agreement with drawn lungs; the finder never learns from any",
}
DICE = "Dice: 0 none, 1 perfect; 95% interval, patients resampled"
SHEETS = "look at the sheets of outlines (results/prepare/*/lungs/*.png)."
UNCHECKED = (
    "Nobody drew lungs in these pictures, so how well they were found is unknown: "
    f"{SHEETS}"
)
ALL_TAUGHT = (
    "All drawn lungs were needed to teach the finder, so how well it finds those of "
    f"others is unknown: {SHEETS}"
)
AS_DRAWN = "There is nothing to compare them with: what was drawn is taken as it is."


def section(material: Material) -> Section:
    """Return the section on lungs and stored images."""
    blocks: list[Block] = [
        Text(text=_how(material)),
        _dice(material) if len(material.dice) else Text(text=_unchecked(material)),
        _crops(material),
        _intensity(material),
    ]
    heading = "How the lungs were found"
    return Section(anchor="lungs", heading=heading, blocks=blocks)


def _how(material: Material) -> str:
    prepare = material.config["prepare"]
    finder, crop = material.finder, str(prepare["crop"])
    least = prepare["lungs"]["least_quality"]
    found = FINDERS.get(finder, f"Lungs are found by {plain(finder)}.")
    if finder == "network" and prepare["lungs"].get("weights"):
        found += " Its weights were brought from elsewhere."
    kept = CROPS.get(crop, plain(crop)).format(margin=prepare["margin"])
    if crop != "none":
        kept += (
            f" Where the lungs found look unlike two lungs (quality below {least:g} "
            "of 1), the whole picture is kept rather than a wrong part."
        )
    return f"{found} {kept}"


def _taught_by(material: Material) -> str:
    """Say whose drawn lungs taught the finder: ours, others' or nobody's."""
    if material.finder in {"threshold", "drawn"}:
        return "nobody"
    brought = material.config["prepare"]["lungs"].get("weights")
    return "ours" if material.finder == "network" and not brought else "others"


def _unchecked(material: Material) -> str:
    """Say why no lungs are compared; to teach the finder, we had drawn ones."""
    if material.finder == "drawn":
        return AS_DRAWN
    return ALL_TAUGHT if _taught_by(material) == "ours" else UNCHECKED


def _dice(material: Material) -> Grid:
    rows = [
        [
            *(row["dataset"], count(row["n_images"]), count(row["n_patients"])),
            with_interval(row["dice"], row["low"], row["high"]),
        ]
        for row in records(material.dice)
    ]
    return Grid(
        caption=f"{CHECKED[_taught_by(material)]} ({DICE})",
        head=["dataset", "images", "patients", "Dice"],
        rows=rows,
        link="tables/dice.csv",
    )


def crops(material: Material) -> pd.DataFrame:
    """Return how many images of each dataset were cut in which way, and why."""
    parts = [_cut(dataset) for dataset in material.datasets]
    return pd.concat(parts, ignore_index=True)


def _cut(dataset: Dataset) -> pd.DataFrame:
    groups = dataset.rows.groupby("crop")
    found = groups.agg(
        images=("crop", "size"), median_quality=("mask_quality", "median")
    )
    found = found.sort_values("images", ascending=False).reset_index()
    found.insert(0, "dataset", dataset.name)
    return found.assign(of=len(dataset.rows))


def _crops(material: Material) -> Grid:
    rows = [
        [
            *(row["dataset"], row["crop"], count(row["images"])),
            *(percent(row["images"], row["of"]), score(row["median_quality"])),
        ]
        for row in records(crops(material))
    ]
    return Grid(
        caption="What was kept of the pictures, and why (quality of the lungs found: "
        f"0 to 1, {MISSING} where there are none)",
        head=["dataset", "kept", "images", "share", "median quality"],
        rows=rows,
        n_text=2,
        link="tables/crops.csv",
    )


def intensity(material: Material) -> pd.DataFrame:
    """Return mean and deviation of the grey values of each dataset."""
    tables = [dataset.intensity for dataset in material.datasets]
    return pd.concat(tables, ignore_index=True)


def _intensity(material: Material) -> Grid:
    rows = [
        [
            *(row["dataset"], score(row["mean"]), score(row["deviation"])),
            count(row["n_images"]),
        ]
        for row in records(intensity(material))
    ]
    return Grid(
        caption="Grey values of the training images as stored (0 black, 1 white)",
        head=["dataset", "mean", "deviation", "images"],
        rows=rows,
        link="tables/intensity.csv",
    )
