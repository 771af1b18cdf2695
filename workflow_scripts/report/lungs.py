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
    "threshold": "Lungs are found by brightness and shape alone, without learning: no "
    "drawn lungs were given to learn from.",
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
CHECKED = (
    "Agreement with lungs that people drew, and that the finder has not learnt from "
    "(Dice: 0 none, 1 perfect; 95% interval, patients resampled)"
)
UNCHECKED = (
    "Nobody drew lungs in these pictures, so how well they were found is unknown: look "
    "at the sheets of outlines (results/prepare/*/lungs/*.png)."
)


def section(material: Material) -> Section:
    """Return the section on lungs and stored images."""
    blocks: list[Block] = [
        Text(text=_how(material)),
        _dice(material.dice) if len(material.dice) else Text(text=UNCHECKED),
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


def _dice(dice: pd.DataFrame) -> Grid:
    rows = [
        [
            *(row["dataset"], row["part"]),
            *(count(row["n_images"]), count(row["n_patients"])),
            with_interval(row["dice"], row["low"], row["high"]),
        ]
        for row in records(dice)
    ]
    return Grid(
        caption=CHECKED,
        head=["dataset", "part", "images", "patients", "Dice"],
        rows=rows,
        n_text=2,
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
