r"""How well the lung finder does when it is taught by half of a set of drawn lungs.

    PYTHONPATH=. python benchmarks/lungs.py FOLDER [KEY=VALUE ...]

FOLDER holds `labels.csv` with the columns image, patient and mask (paths below FOLDER;
mask empty where nobody drew). Patients are put in an order that their names decide, and
the first of them, with half of the images, teach; then the others do. What teaches is
divided again by patient, to say when to stop, as in a run. Options of `prepare.lungs`
are the schema's unless given as KEY=VALUE. Figures stand in `benchmarks/lungs.md`.
"""

import csv
import logging
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import yaml

from workflow_scripts.core.tables.prepare_pixels import DICE, EXAMPLES
from workflow_scripts.prepare import lung_check, lung_examples, lung_finder
from workflow_scripts.prepare.chance import chance

SCHEMA = Path(__file__).parents[1] / "rules/config.schema.yaml"
SEED = 2026
RESAMPLES = 2000


def options(given):
    """Return the options of `prepare.lungs`: the schema's, or as given."""
    schema = yaml.safe_load(SCHEMA.read_text())["properties"]["prepare"]
    known = schema["properties"]["lungs"]["properties"]
    chosen = {name: option["default"] for name, option in known.items()}
    return {**chosen, **{name: yaml.safe_load(value) for name, value in given}}


def pairs(folder, rows):
    """Return picture and drawn lungs of each row, shape (n, 2, SIDE, SIDE)."""
    return np.stack(
        [
            lung_examples.pair(
                cv2.imread(str(folder / row["image"]), cv2.IMREAD_GRAYSCALE),
                (cv2.imread(str(folder / row["mask"]), 0) > 0).astype(np.uint8),
            )
            for row in rows
        ]
    )


def first_half(rows):
    """Return the patients, by the order of chance, who have half of the images."""
    patients = sorted(
        {row["patient"] for row in rows}, key=lambda p: chance("half", 0, p)
    )
    owners = [row["patient"] for row in rows]
    counts = np.cumsum([owners.count(patient) for patient in patients])
    return set(patients[: 1 + int(np.abs(counts - len(rows) / 2).argmin())])


def measured(drawn, rows, taught, chosen, folder):
    """Teach a network by the patients `taught`, and return the table of its Dice."""
    table = pd.DataFrame(rows).rename(columns={"image": "image_id"})
    table["patient_id"] = table["patient"]
    table["split"] = np.where(table["patient"].isin(taught), "train", "test")
    recipe = lung_examples.Recipe(
        examples=len(rows),
        validation_share=chosen["validation_share"],
        test_share=0,
        seed=SEED,
    )
    listed = lung_examples.parted(table, recipe)[["image_id", "patient_id", "part"]]
    EXAMPLES.write(listed.assign(row=np.arange(len(rows))), folder / "listed.parquet")
    (folder / "examples.u8").write_bytes(drawn.tobytes())
    files = {
        "examples": [folder / "examples.u8"],
        "listed": [folder / "listed.parquet"],
    }
    training = ("steps", "batch_size", "learning_rate")
    lung_finder.main(
        **files,
        recipe=lung_finder.Recipe(
            **{name: chosen[name] for name in training}, datasets=["half"], seed=SEED
        ),
        identity="",
        network=folder / "network.safetensors",
    )
    lung_check.main(
        weights=[folder / "network.safetensors"],
        **files,
        recipe=lung_check.Recipe(
            finder="network",
            datasets=["half"],
            taught_by=["half"],
            bootstrap=RESAMPLES,
            seed=SEED,
        ),
        dice=folder / "dice.parquet",
    )
    return DICE.read(folder / "dice.parquet")


def main():
    """Measure both directions and print them."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    folder = Path(sys.argv[1])
    chosen = options(argument.split("=") for argument in sys.argv[2:])
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["mask"]]
    drawn = pairs(folder, rows)
    first = first_half(rows)
    for taught in (first, {row["patient"] for row in rows} - first):
        begun = time.process_time()
        with tempfile.TemporaryDirectory() as scratch:
            table = measured(drawn, rows, taught, chosen, Path(scratch))
        print(f"taught by {len(taught)} patients, {time.process_time() - begun:.0f} s:")
        print(table.drop(columns="dataset").round(4).to_string(index=False), flush=True)


if __name__ == "__main__":
    main()
