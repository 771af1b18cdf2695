"""Views per second of our augmentation policies and of lightly's, on one core.

    OMP_NUM_THREADS=1 PYTHONPATH=. python benchmarks/augmentations.py [PICTURES]

PICTURES is a folder of them; noise without. Ours takes a batch of uint8 and changes
every image in its own way. lightly's transforms (torchvision and PIL) take one PIL
image at a time, as in its users' data loaders; they are given grey images, which are a
third of the numbers, and are not asked to normalise. The two take turns; CPU time, the
best of several rounds. Then how far crops that are shrunk are from the exact area
average, in grey levels of 255.
"""

import functools
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from lightly import transforms
from PIL import Image
from torch.nn import functional

from workflow_scripts.pretrain import augmentations, optics
from workflow_scripts.pretrain.augmentations import dino

BATCH = {64: 128, 224: 32}
ROUNDS = 4
LOCAL_VIEWS = 6  # beside two full ones
THEIRS = {
    "byol": transforms.BYOLTransform,
    "dino": transforms.DINOTransform,
    "mae": transforms.MAETransform,
    "moco_v2": transforms.MoCoV2Transform,
    "simclr": transforms.SimCLRTransform,
    "swav": transforms.SwaVTransform,
}
OURS = (*THEIRS, "gmml", "medical_mae", "moco_cxr", "none", "radiograph", "simmim")


def our_views(name, images):
    """Make every view of a method that uses the policy; return how many."""
    policy, generator = augmentations.load(name), torch.Generator().manual_seed(0)
    for view in (0, 1):
        policy.augment(images, generator, view)
    if not hasattr(policy, "local"):
        return 2 * len(images)
    for _ in range(LOCAL_VIEWS):
        policy.local(images, generator, round(images.shape[-1] * policy.LOCAL_SIDE))
    return (2 + LOCAL_VIEWS) * len(images)


def their_transform(name, side):
    """Return lightly's transform, for images of `side` px."""
    if name in ("dino", "swav"):
        local = round(side * 96 / 224)
        if name == "swav":
            return THEIRS[name](
                crop_sizes=(side, local), crop_counts=(2, LOCAL_VIEWS), normalize=None
            )
        return THEIRS[name](
            global_crop_size=side,
            local_crop_size=local,
            n_local_views=LOCAL_VIEWS,
            normalize=None,
        )
    if name == "byol":
        views = (transforms.BYOLView1Transform, transforms.BYOLView2Transform)
        first, second = (view(input_size=side, normalize=None) for view in views)
        return THEIRS[name](first, second)
    return THEIRS[name](input_size=side, normalize=None)


def their_views(transform, images):
    """Make every view of every image; return how many."""
    return sum(len(transform(image)) for image in images)


def rates(calls):
    """Return views per CPU second of each of `calls`, which take turns."""
    best = [0.0] * len(calls)
    for _ in range(ROUNDS):
        for number, call in enumerate(calls):
            begun = time.process_time()
            made = call()
            best[number] = max(best[number], made / (time.process_time() - begun))
    return best


def pictures(folder, n, side):
    """Return pictures of a folder, or noise: uint8, (n, side, side)."""
    if not folder:
        return np.random.default_rng(0).integers(0, 256, (n, side, side), np.uint8)
    paths = sorted(Path(folder).rglob("*.jp*g"))
    read = [cv2.imread(str(path), 0) for path in paths[:: max(1, len(paths) // n)][:n]]
    return np.stack([cv2.resize(one, (side, side), None, 0, 0, 3) for one in read])


def print_rates(folder):
    """Print a table of views per second."""
    print("| policy | side | ours | lightly | ratio |\n|---|---|---|---|---|")
    for side, n in BATCH.items():
        arrays = pictures(folder, n, side)
        images, pils = torch.from_numpy(arrays), [Image.fromarray(a) for a in arrays]
        for name in OURS:
            calls = [functools.partial(our_views, name, images)]
            if name in THEIRS:
                transform = their_transform(name, side)
                calls.append(functools.partial(their_views, transform, pils))
            found = rates(calls)
            cells = [f"{rate:,.0f}" for rate in found]
            more = [f"{found[0] / found[1]:.1f}"] if name in THEIRS else ["", ""]
            print(f"| `{name}` | {side} |", " | ".join(cells + more), "|", flush=True)


def errors(arrays, side=96):
    """Return the mean and largest error of DINO's local crops, for each way."""
    images, n = torch.from_numpy(arrays).float(), len(arrays)
    crop = {"area": dino.LOCAL_AREA, "ratio": dino.RATIO}

    def again(some, side_px):
        return optics.cropped(
            some, torch.Generator().manual_seed(1), side_px=side_px, **crop
        )

    exact = functional.avg_pool2d(again(images, side * 8)[:, None], 8)[:, 0]
    place = ((2 * torch.arange(224) + 1) / 224 - 1).expand(n, 224, 224)
    across, down = again(place, 224)[:, 0], again(place.mT, 224)[:, :, 0]
    made = {"ours, twice as fine and averaged": again(images, side)}
    pillow, plain = [], []
    boxes = []
    for line in (across, down):
        step = (line[:, -40] - line[:, 39]) / 145  # a pixel of the view
        middle = (line[:, -40] + line[:, 39]) / 2
        boxes += [(middle - 112 * step + 1) * 112, (middle + 112 * step + 1) * 112]
    left, right, top, bottom = (b.clamp(0, 224).tolist() for b in boxes)
    for k in range(n):
        box = (left[k], top[k], right[k], bottom[k])
        picture = Image.fromarray(arrays[k]).convert("F")
        small = picture.resize((side, side), Image.Resampling.BILINEAR, box=box)
        pillow.append(torch.from_numpy(np.array(small)))
        centre = (torch.arange(side) + 0.5) / side
        x = (left[k] + centre * (right[k] - left[k])) / 112 - 1
        y = (top[k] + centre * (bottom[k] - top[k])) / 112 - 1
        grid = torch.stack([x.expand(side, side), y[:, None].expand(side, side)], -1)
        plain.append(
            functional.grid_sample(
                images[k][None, None],
                grid[None],
                align_corners=False,
                padding_mode="border",
            )[0, 0]
        )
    made["bilinear, nothing against aliasing"] = torch.stack(plain)
    made["Pillow BILINEAR, as torchvision"] = torch.stack(pillow)
    shrunk = torch.tensor(right) - torch.tensor(left) > side
    away = {name: (some - exact)[shrunk].abs() for name, some in made.items()}
    return {
        name: (float(some.mean()), float(some.max())) for name, some in away.items()
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    where = sys.argv[1] if len(sys.argv) > 1 else None
    print_rates(where)
    print("\n| pictures | crop to 96 px | mean | largest |\n|---|---|---|---|")
    kinds = {"noise": None, "radiographs": where} if where else {"noise": None}
    for kind, source in kinds.items():
        for way, (mean, largest) in errors(pictures(source, 200, 224)).items():
            print(f"| {kind} | {way} | {mean:.2f} | {largest:.1f} |")
