"""Counts the modes that a GAN finds: a ring of 8, a grid of 25, and a grid of 100.

The protocol is PacGAN's (Lin et al. 2018). The ring has a radius of 1 and modes with a standard deviation of
0.01. The grid has 5 modes on a side, 2 apart, with a standard deviation of 0.05. The larger grid has 10 modes
on a side. A figure is of 2,500 samples. A sample within three standard deviations of a mode is of high
quality, and a mode that has such a sample is found. The reverse KL is the divergence of these samples'
distribution over the modes from the uniform one.

    python benchmarks/modes.py
    python benchmarks/modes.py --record benchmarks/results/modes.json --picture docs/modes.png

A run of the defaults takes about an hour and a half of one core. If you stop it, start the command again.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
from measuring import report, surroundings
from PIL import Image, ImageDraw

import kerasgan
from kerasgan import datasets, penalties
from kerasgan.schedules import Cosine

SAMPLES = 2_500
BATCH_SIZE = 256
STEPS_PER_EXECUTION = 500
COUNT = 100_000
FIGURES = ("modes", "high_quality", "reverse_kl")


class Target(NamedTuple):
    """A mixture, with what the paper reaches."""

    draw: Callable[..., datasets.Dataset]
    centers: np.ndarray
    stddev: float
    extent: float
    wanted: dict[str, float]


TARGETS = {
    "ring": Target(
        datasets.ring,
        datasets.ring_centers(),
        0.01,
        1.0,
        {"modes": 8.0, "high_quality": 0.977, "reverse_kl": 0.07},
    ),
    "grid": Target(
        datasets.grid,
        datasets.grid_centers(),
        0.05,
        4.0,
        {"modes": 25.0, "high_quality": 0.942, "reverse_kl": 0.04},
    ),
    "large grid": Target(
        lambda **given: datasets.grid(10, **given), datasets.grid_centers(10), 0.05, 9.0, {}
    ),
}


def network(inputs: int, outputs: int, scale: float, **names: str) -> keras.Model:
    """Returns a perceptron whose inputs are divided by a scale."""
    perceptron = kerasgan.networks.mlp(
        inputs,
        [64] * 6,
        outputs,
        activation="leaky_relu",
        kernel_initializer="he_normal",
    )
    layers = [keras.Input((inputs,)), keras.layers.Rescaling(1 / scale), perceptron]
    return keras.Sequential(layers, **names)


def make(target: Target, steps: int) -> kerasgan.GAN:
    """Returns the game: relativistic, with R1 and R2, of which all rates fall along a cosine."""
    generator = network(2, 2, 1.0)
    generator.add(keras.layers.Rescaling(target.extent))
    gan = kerasgan.GAN(generator, network(2, 1, target.extent))

    def optimizer() -> keras.Optimizer:
        return keras.optimizers.Adam(Cosine(2e-3, 0.0, steps), beta_1=0.0, beta_2=0.99)

    def weight() -> Cosine:
        # Gradients are per unit of x, so a wider mixture needs a larger weight for the same smoothness.
        return Cosine(1e-2 * target.extent**2, 1e-4 * target.extent**2, steps)

    gan.compile(
        generator_optimizer=optimizer(),
        discriminator_optimizer=optimizer(),
        loss="relativistic",
        penalties=[penalties.R1(weight()), penalties.R2(weight())],
        generator_ema=0.999,
        steps_per_execution=STEPS_PER_EXECUTION,
        jit_compile=True,
    )
    return gan


def trial(target: Target, seed: int, steps: int, folder: Path) -> tuple[dict[str, Any], np.ndarray]:
    """Trains one game, and returns its figures and its samples. A run that was stopped goes on."""
    keras.utils.set_random_seed(seed)
    data = target.draw(count=COUNT, stddev=target.stddev, seed=seed)
    gan = make(target, steps)
    epochs = min(10, steps // STEPS_PER_EXECUTION)
    start = time.perf_counter(), time.process_time()
    gan.fit(
        data.x,
        batch_size=BATCH_SIZE,
        epochs=epochs,
        steps_per_epoch=steps // epochs,
        callbacks=[kerasgan.callbacks.BackupAndRestore(folder)],
        verbose=0,
    )
    seconds = time.perf_counter() - start[0], time.process_time() - start[1]
    samples = gan.generate(SAMPLES, seed=seed)
    metric = kerasgan.metrics.ModeCoverage(target.centers, target.stddev)
    metric.update_state(None, samples)
    figures = {name: round(float(value), 4) for name, value in metric.result().items()}
    return {
        "seed": seed,
        **figures,
        "seconds": round(seconds[0], 1),
        "cpu_seconds": round(seconds[1], 1),
    }, samples


def summary(target: Target, trials: list[dict[str, Any]]) -> dict[str, Any]:
    """Returns the means over the trials, beside what is wanted and what the mixture itself has."""
    real = target.draw(count=SAMPLES, stddev=target.stddev, seed=1_000)
    metric = kerasgan.metrics.ModeCoverage(target.centers, target.stddev)
    metric.update_state(None, real.x)
    return {
        **{name: round(float(np.mean([each[name] for each in trials])), 4) for name in FIGURES},
        "wanted": target.wanted,
        "of_the_mixture": {name: round(float(value), 4) for name, value in metric.result().items()},
        "trials": trials,
    }


def draw(samples: dict[str, np.ndarray], path: Path, size: int = 320) -> None:
    """Draws generated samples as points, a panel for each mixture."""
    picture = Image.new("RGB", (size * len(samples), size), "white")
    drawing = ImageDraw.Draw(picture)
    for column, (name, points) in enumerate(samples.items()):
        half = size / 2
        places = half + points / TARGETS[name].extent * half * 0.85
        for x, y in places:
            if 0 <= x < size and 0 <= y < size:
                left = column * size + x
                drawing.ellipse((left - 1, y - 1, left + 1, y + 1), fill=(31, 119, 180))
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path)


def main() -> None:
    """Trains, counts and reports."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--targets", nargs="+", choices=TARGETS, default=list(TARGETS))
    parser.add_argument("--seeds", type=int, default=5, help="runs of each (default: 5)")
    parser.add_argument("--steps", type=int, default=36_000, help="of a run (default: 36,000)")
    parser.add_argument(
        "--work", type=Path, default=Path("outputs", "modes"), help="default: outputs/modes"
    )
    parser.add_argument("--picture", type=Path, help="PNG to write: samples of the first seed")
    parser.add_argument("--record", type=Path, help="file to write the line of JSON to, indented")
    options = parser.parse_args()
    if options.seeds < 1 or options.steps < 1 or options.steps % STEPS_PER_EXECUTION:
        parser.error(f"--seeds must be positive, --steps a multiple of {STEPS_PER_EXECUTION}")
    results, pictures = {}, {}
    for name in options.targets:
        trials = []
        for seed in range(options.seeds):
            work = options.work / f"{name} {options.steps} {seed}".replace(" ", "_")
            done, drawn = work / "figures.json", work / "samples.npy"
            if not done.exists():
                figures, samples = trial(TARGETS[name], seed, options.steps, work / "backup")
                np.save(drawn, samples)
                report(figures, done, quiet=True)
            trials.append(json.loads(done.read_text()))
            if seed == 0:
                pictures[name] = np.load(drawn)
            print(name, trials[-1], flush=True)
        results[name] = summary(TARGETS[name], trials)
    if options.picture:
        draw(pictures, options.picture)
    recipe = {
        "samples": SAMPLES,
        "batch_size": BATCH_SIZE,
        "steps": options.steps,
        "seeds": options.seeds,
        "data": COUNT,
    }
    answer = {"benchmark": "modes", **surroundings(), "recipe": recipe, "results": results}
    report(answer, options.record)


if __name__ == "__main__":
    main()
