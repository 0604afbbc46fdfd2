"""Measures what `fit` costs beside a hand-written loop of the same mathematics.

The loop is the textbook's: a `tf.function` that takes a batch, a step of the discriminator, a step of the
generator on fresh noise, and running means of both losses. It reads the same batches from `tf.data`. `fit`
and the loop train equal networks in turns, four epochs each, so that other programs disturb both alike; the
median over the turns of the ratio of their times counts, of the processor's time (all threads) and of the
clock's. What a call of `fit` costs once, whatever its length, is measured by a call of one step.

    python benchmarks/overhead.py
    python benchmarks/overhead.py --record benchmarks/results/overhead.json
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from measuring import report, surroundings

import kerasgan

EPOCHS = 4


def dcgan() -> tuple[keras.Model, keras.Model]:
    """Returns a generator and a discriminator of 28×28 images."""
    networks = kerasgan.networks
    generator = networks.dcgan_generator(32, (28, 28, 1), filters=16)
    return generator, networks.dcgan_discriminator((28, 28, 1), filters=16)


def tiny_mlp() -> tuple[keras.Model, keras.Model]:
    """Returns two perceptrons for points of the plane."""
    mlp = kerasgan.networks.mlp
    return mlp((8,), [32], (2,), name="generator"), mlp((2,), [32], (1,), name="discriminator")


def hand_written(generator: keras.Model, discriminator: keras.Model) -> Callable[[Any], None]:
    """Returns the textbook's loop over one epoch of batches."""
    adam = keras.optimizers.Adam
    generator_optimizer, discriminator_optimizer = adam(2e-4, 0.5), adam(2e-4, 0.5)
    generator_optimizer.build(generator.trainable_variables)
    discriminator_optimizer.build(discriminator.trainable_variables)
    means = keras.metrics.Mean(), keras.metrics.Mean()
    latent_shape = generator.input_shape[1:]

    @tf.function
    def step(real: Any) -> None:
        rows = tf.shape(real)[0]
        fake = generator(tf.random.normal((rows, *latent_shape)), training=True)
        with tf.GradientTape() as tape:
            scores = discriminator(real, training=True), discriminator(fake, training=True)
            loss = tf.reduce_mean(tf.nn.softplus(-scores[0]) + tf.nn.softplus(scores[1]))
        variables = discriminator.trainable_variables
        discriminator_optimizer.apply(tape.gradient(loss, variables), variables)
        means[0].update_state(loss)
        with tf.GradientTape() as tape:
            fake = generator(tf.random.normal((rows, *latent_shape)), training=True)
            loss = tf.reduce_mean(tf.nn.softplus(-discriminator(fake, training=True)))
        variables = generator.trainable_variables
        generator_optimizer.apply(tape.gradient(loss, variables), variables)
        means[1].update_state(loss)

    def epoch(batches: Any) -> None:
        for mean in means:
            mean.reset_state()
        for batch in batches:
            step(batch)
        [float(mean.result()) for mean in means]

    return epoch


def compare(
    make: Callable[[], tuple[keras.Model, keras.Model]],
    x: np.ndarray,
    batch_size: int,
    repeats: int,
    **arguments: Any,
) -> dict[str, Any]:
    """Returns seconds for each step of `fit` and of the loop, and the median of their ratios."""
    keras.utils.set_random_seed(0)
    gan = kerasgan.GAN(*make())
    gan.compile(**arguments)
    loop = hand_written(*make())
    batches = tf.data.Dataset.from_tensor_slices(x).shuffle(len(x)).batch(batch_size)
    batches = batches.prefetch(tf.data.AUTOTUNE)

    def four_epochs() -> None:
        for _ in range(EPOCHS):
            loop(batches)

    def seconds(work: Callable[[], Any], steps: int) -> list[float]:
        start = time.process_time(), time.perf_counter()
        work()
        return [(time.process_time() - start[0]) / steps, (time.perf_counter() - start[1]) / steps]

    steps = EPOCHS * (len(x) // batch_size)
    times = np.array(
        [
            [
                seconds(lambda: gan.fit(x, batch_size=batch_size, epochs=EPOCHS, verbose=0), steps),
                seconds(four_epochs, steps),
            ]
            for _ in range(repeats + 1)
        ][1:]  # The first turn compiles.
    )
    _, once = seconds(lambda: gan.fit(x[:batch_size], batch_size=batch_size, verbose=0), 1)
    result: dict[str, Any] = {
        "steps_in_a_turn": steps,
        "seconds_of_a_fit_of_one_step": round(once, 3),
    }
    for clock, name in enumerate(("cpu", "wall")):
        fit, hand = times[:, 0, clock], times[:, 1, clock]
        result[name] = {
            "fit_seconds_for_a_step": round(float(np.median(fit)), 6),
            "loop_seconds_for_a_step": round(float(np.median(hand)), 6),
            "ratio_of_each_turn": np.round(fit / hand, 3).tolist(),
            "ratio": round(float(np.median(fit / hand)), 3),
        }
    return result


def main() -> None:
    """Compares a DCGAN and a tiny perceptron."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=7, help="turns measured (default: 7)")
    parser.add_argument("--record", type=Path, help="file to write the line of JSON to, indented")
    options = parser.parse_args()
    if options.repeats < 1:
        parser.error(f"--repeats must be positive, not {options.repeats}")

    images = np.random.default_rng(0).uniform(-1, 1, size=(64 * 60, 28, 28, 1)).astype("float32")
    points = np.random.default_rng(0).normal(size=(64 * 500, 2)).astype("float32")
    results = {
        "dcgan": compare(dcgan, images, 64, options.repeats),
        "tiny_mlp": compare(tiny_mlp, points, 64, options.repeats, steps_per_execution=50),
    }
    answer = {
        "benchmark": "overhead",
        **surroundings(),
        "recipe": {"batch_size": 64, "repeats": options.repeats, "steps_per_execution": 50},
        "wanted": {"dcgan": 1.03, "tiny_mlp": 1.2},
        "results": results,
    }
    report(answer, options.record)


if __name__ == "__main__":
    main()
