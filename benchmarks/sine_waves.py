"""Measures the CPU time of one iteration of the sine wave GAN.

The use case is that of pygan's README: batches of 20 sequences of 30 steps with 5 values, 10 steps of the
discriminator for each of the generator's. `pygan` has its sizes: an LSTM of 5 units and a perceptron with a
hidden layer of 150 sigmoid units, the minimax loss and no penalties. `example` is the game that
`examples/sine_waves.py` plays: an LSTM of 32 units, LeakyReLU, and the gradient penalties R1 and R2.

    python benchmarks/sine_waves.py
    python benchmarks/sine_waves.py --record benchmarks/results/sine_waves.json
"""

from __future__ import annotations

import argparse
from pathlib import Path

import keras
from measuring import measure, report, surroundings, times_less

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
            result = measure(gan, data.x, STEPS_PER_EXECUTION, options.iterations, options.repeats)
            result["times_less_than_pygan"] = [times_less(seconds, result) for seconds in PYGAN]
            results[name] = result
    answer = {
        "benchmark": "sine_waves",
        **surroundings(),
        "recipe": {
            "batch_size": 20,
            "length": 30,
            "dimensions": 5,
            "discriminator_steps": 10,
            "steps_per_execution": STEPS_PER_EXECUTION,
            "iterations": options.iterations,
            "repeats": options.repeats,
        },
        "pygan_cpu_seconds_per_iteration": PYGAN,
        "results": results,
    }
    report(answer, options.record)


if __name__ == "__main__":
    main()
