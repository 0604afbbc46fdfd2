"""Measures the resident memory of long work, which must not grow.

`steps`: a small GAN trains for 10,000 steps of a tf.data pipeline in epochs of 500, with `evaluate` on
held-out data after each: `alone`; with `files` that a long run writes after every epoch (a picture of
samples, a row of a CSV file, a checkpoint of the whole model); and with `curves`, a `ProbabilityLogger`,
which keeps eight values of every step (some 32 bytes each, 2.5 MB in all) and draws them.

`repeats`: what a notebook or a search does again and again, by a GAN and by a plain Keras model of the same
layers: 100 `fit`s on a small array, 1,000 `generate`s (`predict_on_batch`), 60 models that are made, trained
and dropped. `arrays`: 21 `fit`s on 91 MiB of zeros. `memory_map`: a `fit` on a file of 2 GiB.

Each has a process of its own.

    python benchmarks/memory.py
    python benchmarks/memory.py --record benchmarks/results/memory.json

It reads `/proc/self/status`, so it runs on Linux.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from measuring import report, surroundings

import kerasgan

STEPS = (100, 500, 1_000, 2_500, 5_000, 7_500, 10_000)
EPOCH = 500
COMPANY = ("alone", "files", "curves")
BATCH_SIZE = 64
REPEATS = {"fits": 100, "generate": 1_000, "models": 60}
FITS = 21
GIBIBYTES = 2


class MemoryLog(keras.callbacks.Callback):
    """Notes the resident memory after some steps of training."""

    def __init__(self) -> None:
        super().__init__()
        self.step = 0
        self.megabytes: dict[int, float] = {}

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Counts the step, and looks after those of `STEPS`."""
        self.step += 1
        if self.step in STEPS:
            gc.collect()
            self.megabytes[self.step] = round(resident_megabytes(), 1)


def resident_megabytes(field: str = "VmRSS") -> float:
    """Returns the memory that this process holds in the machine's; `RssAnon`: of it, what is no file's."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(field)).split()[1]) / 1024


def train(company: str) -> dict[str, Any]:
    """Trains, and returns the resident memory after each of `STEPS`."""
    keras.utils.set_random_seed(0)
    data = kerasgan.datasets.gaussian_mixture.ring(20_000)
    stream = tf.data.Dataset.from_tensor_slices(data.x).shuffle(len(data.x)).repeat()
    gan = kerasgan.GAN(
        kerasgan.networks.mlp((8,), [64, 64], (2,)), kerasgan.networks.mlp((2,), [64, 64], (1,))
    )
    gan.compile(penalties=[kerasgan.penalties.R1(0.1)])
    start = time.perf_counter()
    memory = MemoryLog()
    with tempfile.TemporaryDirectory() as directory:
        callbacks = {
            "alone": [],
            "files": [
                kerasgan.callbacks.SampleGrid(directory),
                keras.callbacks.CSVLogger(f"{directory}/epochs.csv"),
                keras.callbacks.ModelCheckpoint(f"{directory}/gan.keras"),
            ],
            "curves": [kerasgan.callbacks.ProbabilityLogger(directory)],
        }[company]
        gan.fit(
            stream.batch(BATCH_SIZE, drop_remainder=True).prefetch(2),
            steps_per_epoch=EPOCH,
            epochs=STEPS[-1] // EPOCH,
            validation_data=data.x[:256],
            callbacks=[*callbacks, memory],
            verbose=0,
        )
    growth = memory.megabytes[STEPS[-1]] - memory.megabytes[STEPS[0]]
    return {
        "megabytes_at_step": memory.megabytes,
        "growth_in_megabytes": round(growth, 1),
        "seconds": round(time.perf_counter() - start, 1),
    }


def small_gan(size: int = 2) -> kerasgan.GAN:
    """Returns a compiled GAN."""
    mlp = kerasgan.networks.mlp
    gan = kerasgan.GAN(mlp((8,), [64, 64], (size,)), mlp((size,), [64, 64], (1,)))
    gan.compile()
    return gan


def small_keras(size: int = 2) -> keras.Model:
    """Returns a compiled model of Keras with as many layers."""
    widths = [64, 64, 8, 64, 64]
    hidden = [keras.layers.Dense(width, activation="relu") for width in widths]
    model = keras.Sequential([keras.Input((size,)), *hidden, keras.layers.Dense(1)])
    model.compile("adam", "mse")
    return model


def repeat(task: tuple[str, str]) -> dict[str, Any]:
    """Does something again and again, and returns the resident memory at the beginning, halfway and after."""
    what, library = task
    x, y = np.zeros((256, 2), "float32"), np.zeros((256, 1), "float32")
    make: Callable[[], Any] = small_gan if library == "kerasgan" else small_keras
    model = make()
    data = (x,) if library == "kerasgan" else (x, y)

    def once() -> None:
        if what == "models":
            make().fit(*data, verbose=0)
        elif what == "fits":
            model.fit(*data, verbose=0)
        elif library == "kerasgan":
            model.generate(1)
        else:
            model.predict_on_batch(x[:1])

    return _grown(once, REPEATS[what])


def arrays(count: int) -> dict[str, Any]:
    """Trains on 91 MiB of zeros `count` times."""
    x = np.zeros((91 * 2**18 // 512, 512), "float32")
    x += 0.0  # the machine gives memory that is written to
    gan = small_gan(512)
    return _grown(lambda: gan.fit(x, batch_size=4096, verbose=0), count)


def memory_map(gibibytes: int) -> dict[str, Any]:
    """Trains on a file of zeros, which take no room on a disk that knows holes."""
    with tempfile.TemporaryDirectory() as directory:
        x = np.memmap(f"{directory}/x", "float32", "w+", shape=(gibibytes * 2**28 // 512, 512))
        gan = small_gan(512)
        gan.fit(x[:8192], batch_size=4096, verbose=0)
        before = resident_megabytes("RssAnon")
        gan.fit(x, batch_size=4096, verbose=0)
        growth = resident_megabytes("RssAnon") - before
    return {"megabytes_of_the_file": gibibytes * 1024, "growth_in_megabytes": round(growth, 1)}


def _grown(once: Callable[[], Any], count: int) -> dict[str, Any]:
    megabytes = {}
    for number in range(1, count + 1):
        once()
        if number in {max(1, count // 10), count // 2, count}:
            gc.collect()
            megabytes[number] = round(resident_megabytes(), 1)
    first, *_, last = megabytes.values()
    return {"megabytes_after": megabytes, "growth_in_megabytes": round(last - first, 1)}


def main() -> None:
    """Measures and reports."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--record", type=Path, help="file to write the line of JSON to, indented")
    options = parser.parse_args()
    tasks = [(what, library) for what in REPEATS for library in ("kerasgan", "keras")]
    # A process for each, so that one does not use what another has given back.
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        found = pool.map(repeat, tasks, chunksize=1)
        repeats = {f"{what}, {library}": f for (what, library), f in zip(tasks, found, strict=True)}
        (zeros,), (mapped,) = pool.map(arrays, [FITS]), pool.map(memory_map, [GIBIBYTES])
        results = dict(zip(COMPANY, pool.map(train, COMPANY, chunksize=1), strict=True))
    answer = {
        "benchmark": "memory",
        **surroundings(),
        "recipe": {"steps": STEPS[-1], "steps_per_epoch": EPOCH, "batch_size": BATCH_SIZE},
        "results": {
            "steps": results,
            "repeats": repeats,
            "arrays": zeros,
            "memory_map": mapped,
        },
    }
    report(answer, options.record)


if __name__ == "__main__":
    main()
