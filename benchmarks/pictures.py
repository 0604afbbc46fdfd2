"""Measures how fast pictures come from the disk, and that memory does not grow with them.

It makes a folder of JPEG pictures of 96×128 pixels in ten sub-folders. Then, each in a process of its own:

`decode`: a look at all files, and their decoding into the cache at 64×64, for a crop from the middle and for
random crops. `stream`: epochs of normalized minibatches of 64, in order of a seed, and the resident memory
after each: `anonymous` is the process's own, the rest are the cache's pages, which the system takes back when
it needs them. `keras`: an epoch of `keras.utils.image_dataset_from_directory`, which decodes all pictures
each time. `train`: a DCGAN with as many filters as `--filters` says on the same stream, and the memory too.

    python benchmarks/pictures.py
    python benchmarks/pictures.py --pictures 5000 --record benchmarks/results/pictures.json

It reads `/proc/self/status`, so it runs on Linux.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
from measuring import report, surroundings
from PIL import Image

import kerasgan

CLASSES = 10
SHAPE = (96, 128)
BATCH_SIZE = 64
STREAMS: dict[str, dict[str, Any]] = {
    "crop, float32": {"resize": "crop", "normalize": True},
    "crop, uint8": {"resize": "crop", "normalize": False},
    "random crop and flip, float32": {
        "resize": "random_crop",
        "flip": "horizontal",
        "normalize": True,
    },
}


def megabytes(field: str) -> float:
    """Returns a field of this process's memory: `VmRSS`, all of it; `RssAnon`, what is no file's."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return round(int(next(line for line in lines if line.startswith(field)).split()[1]) / 1024, 1)


def memory() -> dict[str, float]:
    """Returns the resident memory of this process in megabytes."""
    gc.collect()
    return {"resident": megabytes("VmRSS"), "anonymous": megabytes("RssAnon")}


def make_folder(folder: Path, count: int) -> None:
    """Writes soft spots of color, each picture another."""
    for number in range(count):
        generator = np.random.default_rng(number)
        spots = Image.fromarray(generator.integers(0, 256, (6, 8, 3), "uint8"))
        path = folder / f"class_{number % CLASSES}" / f"{number:06}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        spots.resize(SHAPE[::-1], Image.Resampling.BICUBIC).save(path, quality=90)


def decode(options: argparse.Namespace) -> dict[str, Any]:
    """Looks at the files and decodes them."""
    found: dict[str, Any] = {}
    start = time.perf_counter()
    looked = kerasgan.datasets.inspect_image_folder(options.folder)
    found["look_pictures_per_second"] = round(looked.count / (time.perf_counter() - start))
    before = memory()
    for resize in ("crop", "random_crop"):
        start = time.perf_counter()
        pictures = opened(options, resize)
        found[f"{resize}_pictures_per_second"] = round(
            len(pictures) / (time.perf_counter() - start)
        )
    found["anonymous_megabytes_grown"] = round(memory()["anonymous"] - before["anonymous"], 1)
    start = time.perf_counter()
    opened(options, "crop")
    found["seconds_to_open_again"] = round(time.perf_counter() - start, 2)
    found["cache_megabytes"] = round(
        sum(path.stat().st_size for path in options.cache.glob("*.pixels")) / 2**20, 1
    )
    return found


def opened(
    options: argparse.Namespace, resize: str, flip: str | None = None
) -> kerasgan.datasets.ImageStream:
    """Returns the pictures."""
    return kerasgan.datasets.image_stream(
        options.folder, options.size, resize=resize, flip=flip, cache=options.cache
    )


def stream(options: argparse.Namespace, name: str) -> dict[str, Any]:
    """Reads epochs."""
    given = STREAMS[name]
    pictures = opened(options, given["resize"], given.get("flip"))
    batches = pictures.batches(options.batch_size, seed=0, normalize=given["normalize"])
    speeds, after = [], []
    for _ in range(options.epochs):
        start, count = time.perf_counter(), 0
        for x, _ in batches:
            count += len(x)
        speeds.append(round(count / (time.perf_counter() - start)))
        after.append(memory())
    return {"pictures_per_second": max(speeds), "of_each_epoch": speeds, "megabytes": after}


def keras_stream(options: argparse.Namespace) -> dict[str, Any]:
    """Reads one epoch as Keras streams it."""
    images = keras.utils.image_dataset_from_directory(
        options.folder,
        label_mode="int",
        image_size=(options.size, options.size),
        crop_to_aspect_ratio=True,
        batch_size=options.batch_size,
        seed=0,
        verbose=False,
    ).map(lambda x, y: (x / 127.5 - 1.0, y))
    start = time.perf_counter()
    count = sum(len(x) for x, _ in images)
    return {"pictures_per_second": round(count / (time.perf_counter() - start))}


class MemoryLog(keras.callbacks.Callback):
    """Notes the resident memory and the time after each epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.megabytes: list[dict[str, float]] = []
        self.seconds: list[float] = []

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Starts the clock."""
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Looks."""
        self.seconds.append(time.perf_counter() - self.start)
        self.megabytes.append(memory())


def train(options: argparse.Namespace) -> dict[str, Any]:
    """Trains a DCGAN on the stream."""
    pictures = opened(options, "random_crop", "horizontal")
    gan = kerasgan.GAN(
        kerasgan.networks.dcgan_generator((64,), pictures.sample_shape, filters=options.filters),
        kerasgan.networks.dcgan_discriminator(pictures.sample_shape, filters=options.filters),
    )
    gan.compile()
    log = MemoryLog()
    data = pictures.batches(options.batch_size, seed=0, labels=False).repeat()
    gan.fit(
        data,
        steps_per_epoch=options.steps,
        epochs=options.epochs,
        verbose=0,
        callbacks=[log],
    )
    count = options.steps * options.batch_size
    speeds = [round(count / seconds, 1) for seconds in log.seconds]
    return {
        "pictures_per_second": max(speeds),
        "of_each_epoch": speeds,
        "megabytes": log.megabytes,
        "parameters": gan.count_params(),
    }


def main() -> None:
    """Measures and reports."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pictures", type=int, default=50_000, help="how many (default: 50,000)")
    parser.add_argument("--size", type=int, default=64, help="height and width (default: 64)")
    parser.add_argument("--batch-size", type=int, default=BATCH_SIZE, help="default: 64")
    parser.add_argument("--epochs", type=int, default=10, help="epochs to read (default: 10)")
    parser.add_argument(
        "--steps", type=int, default=10, help="steps to train in each (default: 10)"
    )
    parser.add_argument("--filters", type=int, default=32, help="of the DCGAN (default: 32)")
    parser.add_argument("--toy", action="store_true", help="a few small pictures, to try it")
    parser.add_argument("--record", type=Path, help="file to write the line of JSON to, indented")
    options = parser.parse_args()
    if options.toy:
        toy = {"pictures": 40, "size": 16, "batch_size": 8, "epochs": 2, "steps": 1, "filters": 2}
        vars(options).update(toy)
    with tempfile.TemporaryDirectory() as directory:
        options.folder, options.cache = Path(directory) / "in", Path(directory) / "cache"
        make_folder(options.folder, options.pictures)
        # A process for each, so that one does not use what another has given back.
        with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
            results: dict[str, Any] = {"decode": pool.apply(decode, [options])}
            results["stream"] = {name: pool.apply(stream, [options, name]) for name in STREAMS}
            results["keras"] = pool.apply(keras_stream, [options])
            results["train"] = pool.apply(train, [options])
    recipe = ("pictures", "size", "batch_size", "epochs", "steps", "filters")
    answer = {
        "benchmark": "pictures",
        **surroundings(),
        "load": round(os.getloadavg()[0], 1),
        "recipe": {name: getattr(options, name) for name in recipe},
        "results": results,
    }
    report(answer, options.record)


if __name__ == "__main__":
    main()
