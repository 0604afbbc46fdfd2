"""Measures the CPU time of one iteration of the sine wave GAN.

The use case is that of pygan's README: batches of 20 sequences of 30 steps with 5 values, 10 steps of the
discriminator for each of the generator's. `pygan` has its sizes: an LSTM of 5 units and a perceptron with a
hidden layer of 150 sigmoid units, the minimax loss and no penalties. `example` is the game that
`examples/sine_waves.py` plays: an LSTM of 32 units, LeakyReLU, and the gradient penalties R1 and R2.

The processor time of the whole process (user and system, all threads) is divided by the iterations, after
an epoch that compiles and warms up; the best of several epochs counts, which other programs disturb least.

    python benchmarks/sine_waves.py
    python benchmarks/sine_waves.py --record benchmarks/results/sine_waves.json
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import kerasgan

# CPU seconds per iteration of the recipe of pygan's README (2019), on a machine with two cores.
PYGAN = (0.29, 0.39)
SHAPE = (30, 5)
STEPS_PER_EXECUTION = 50


def pygan_sizes(jit_compile: bool) -> kerasgan.GAN:
    """Returns the game with the sizes of pygan's README."""
    generator = kerasgan.networks.lstm_generator(SHAPE, SHAPE, units=5)
    discriminator = kerasgan.networks.mlp(SHAPE, [150], activation="sigmoid")
    gan = kerasgan.GAN(generator, discriminator, prior="uniform")
    gan.compile(
        loss="minimax",
        discriminator_steps=10,
        steps_per_execution=STEPS_PER_EXECUTION,
        jit_compile=jit_compile,
    )
    return gan


def example(jit_compile: bool) -> kerasgan.GAN:
    """Returns the game of `examples/sine_waves.py`."""
    generator = kerasgan.networks.lstm_generator(SHAPE, SHAPE, units=32)
    discriminator = kerasgan.networks.mlp(SHAPE, [150], activation="leaky_relu")
    gan = kerasgan.GAN(generator, discriminator)
    gan.compile(
        penalties=[kerasgan.penalties.R1(0.1), kerasgan.penalties.R2(0.1)],
        discriminator_steps=10,
        steps_per_execution=STEPS_PER_EXECUTION,
        jit_compile=jit_compile,
    )
    return gan


def measure(gan: kerasgan.GAN, x: np.ndarray, iterations: int, repeats: int) -> dict[str, Any]:
    """Returns seconds per iteration, and those that the first epoch took to compile."""

    def epoch(steps: int) -> tuple[float, float]:
        start = time.process_time(), time.perf_counter()
        gan.fit(x, batch_size=20, steps_per_epoch=steps, verbose=0)
        return time.process_time() - start[0], time.perf_counter() - start[1]

    compilation, _ = epoch(STEPS_PER_EXECUTION)
    times = [[seconds / iterations for seconds in epoch(iterations)] for _ in range(repeats)]
    cpu, wall = np.min(times, axis=0)
    return {
        "cpu_seconds_per_iteration": round(float(cpu), 5),
        "cpu_seconds_per_iteration_of_each_epoch": [round(row[0], 5) for row in times],
        "wall_seconds_per_iteration": round(float(wall), 5),
        "cpu_seconds_of_first_epoch": round(compilation, 1),
        "times_less_than_pygan": [round(seconds / float(cpu), 1) for seconds in PYGAN],
    }


def main() -> None:
    """Measures both games, with XLA and without."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--iterations", type=int, default=300, help="of an epoch (default: 300)")
    parser.add_argument("--repeats", type=int, default=3, help="epochs measured (default: 3)")
    parser.add_argument("--record", type=Path, help="file to write the line of JSON to, indented")
    options = parser.parse_args()
    if options.iterations < 1 or options.iterations % STEPS_PER_EXECUTION or options.repeats < 1:
        parser.error(
            f"--iterations must be a multiple of {STEPS_PER_EXECUTION}, --repeats positive"
        )

    data = kerasgan.datasets.sine_waves(
        20_000, 30, 5, phase="fixed", noise_stddev=1.0, normalization="z_score"
    )
    results = {}
    for make in (pygan_sizes, example):
        for jit_compile in (True, False):
            keras.utils.set_random_seed(0)
            gan = make(jit_compile)
            name = f"{make.__name__}{'_xla' if jit_compile else ''}"
            results[name] = measure(gan, data.x, options.iterations, options.repeats)
    answer = {
        "benchmark": "sine_waves",
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "recipe": {
            "batch_size": 20,
            "length": 30,
            "dimensions": 5,
            "discriminator_steps": 10,
            "steps_per_execution": STEPS_PER_EXECUTION,
            "iterations": options.iterations,
            "repeats": options.repeats,
        },
        "versions": {
            "kerasgan": kerasgan.__version__,
            "keras": keras.version(),
            "tensorflow": tf.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
        "machine": {"cores": os.cpu_count(), "architecture": platform.machine()},
        "pygan_cpu_seconds_per_iteration": PYGAN,
        "results": results,
    }
    if options.record:
        options.record.parent.mkdir(parents=True, exist_ok=True)
        temporary = options.record.with_name(f".{options.record.name}")
        temporary.write_text(json.dumps(answer, indent=2) + "\n", encoding="utf-8")
        os.replace(temporary, options.record)
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
