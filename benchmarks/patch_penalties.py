"""Measures how the weight of R1 must change with the number of a discriminator's patches.

A generator plays against a discriminator of patches, on digits of two sizes. R1 differentiates the sum of the
scores of all patches. Differentiating their mean is the same as a weight divided by the square of the number
of patches. So one sweep over weights shows both: the best weight of one that sums, and of one that averages.

    python benchmarks/patch_penalties.py
    python benchmarks/patch_penalties.py --record benchmarks/results/patch_penalties.json

The figure is the Fréchet distance of 1,797 samples to the digits, in their 32 first principal components. The
line of JSON is printed and recorded after every game.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
from measuring import report, surroundings

import kerasgan

BATCH_SIZE, COMPONENTS = 64, 32
SIZES = (8, 16)
WEIGHTS = (0.0, 1e-3, 1e-2, 1e-1, 1.0)


def play(size: int, weight: float, seed: int, rounds: int) -> dict[str, Any]:
    """Plays a game and returns how near its samples are to the digits."""
    start = time.perf_counter()
    keras.utils.set_random_seed(seed)
    data = kerasgan.datasets.digits(size=size)
    gan = kerasgan.GAN(
        kerasgan.networks.dcgan_generator(32, data.sample_shape, filters=12, normalization=None),
        kerasgan.networks.patch_discriminator(data.sample_shape, halvings=1, filters=12),
    )
    rate = keras.optimizers.schedules.CosineDecay(2e-3, decay_steps=rounds)
    generator, discriminator = (
        keras.optimizers.Adam(rate, beta_1=0.0, beta_2=0.99) for _ in range(2)
    )
    penalties = [kerasgan.penalties.R1(weight)] if weight else []
    gan.compile(generator, discriminator, penalties=penalties, steps_per_execution=25)
    rows = np.resize(np.random.default_rng(seed).permutation(len(data)), BATCH_SIZE * rounds)
    gan.fit(data.x[rows], batch_size=BATCH_SIZE, shuffle=False, verbose=0)

    real = data.x.reshape(len(data), -1)
    _, _, axes = np.linalg.svd(real - real.mean(axis=0), full_matrices=False)
    fake = gan.generate(len(data), seed=0).reshape(len(data), -1)
    metric = kerasgan.metrics.FrechetDistance()
    metric.update_state(real @ axes[:COMPONENTS].T, fake @ axes[:COMPONENTS].T)
    patches = int(np.prod(gan.discriminator.output_shape[1:]))
    return {
        "size": size,
        "patches": patches,
        "weight": weight,
        "weight_of_a_mean": weight * patches**2,
        "seed": seed,
        "frechet_distance_per_pixel": round(float(metric.result()) / size**2, 5),
        "seconds": round(time.perf_counter() - start, 1),
    }


def main() -> None:
    """Plays all games and prints, or records, what came of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=600)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--record", type=Path, help="file to write the results to")
    options = parser.parse_args()
    recipe = {"rounds": options.rounds, "batch_size": BATCH_SIZE, "components": COMPONENTS}
    games = []
    for seed in range(options.seeds):
        for size in SIZES:
            for weight in WEIGHTS:
                games.append(play(size, weight, seed, options.rounds))
                print(json.dumps(games[-1]), flush=True)
                answer = {**surroundings(), "recipe": recipe, "games": games}
                if options.record:
                    report(answer, options.record)


if __name__ == "__main__":
    main()
