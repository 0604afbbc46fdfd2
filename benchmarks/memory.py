"""Measures the resident memory of a long training, which must not grow.

A small GAN trains for 10,000 steps of a tf.data pipeline in epochs of 500, with `evaluate` on held-out data
after each: `alone`; with `files` that a long run writes after every epoch (a picture of samples, a row of a
CSV file, a checkpoint of the whole model); and with `curves`, a `ProbabilityLogger`, which keeps eight values
of every step (some 32 bytes each, 2.5 MB in all) and draws them. Each has a process of its own.

    python benchmarks/memory.py
    python benchmarks/memory.py --record benchmarks/results/memory.json

It reads `/proc/self/statm`, so it runs on Linux.
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
import tensorflow as tf
from measuring import report, surroundings

import kerasgan

STEPS = (100, 500, 1_000, 2_500, 5_000, 7_500, 10_000)
EPOCH = 500
COMPANY = ("alone", "files", "curves")
BATCH_SIZE = 64


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


def resident_megabytes() -> float:
    """Returns the memory that this process holds in the machine's."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


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


def main() -> None:
    """Measures and reports."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--record", type=Path, help="file to write the line of JSON to, indented")
    options = parser.parse_args()
    # A process for each, so that one does not use what another has given back.
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        results = dict(zip(COMPANY, pool.map(train, COMPANY, chunksize=1), strict=True))
    answer = {
        "benchmark": "memory",
        **surroundings(),
        "recipe": {"steps": STEPS[-1], "steps_per_epoch": EPOCH, "batch_size": BATCH_SIZE},
        "results": results,
    }
    report(answer, options.record)


if __name__ == "__main__":
    main()
