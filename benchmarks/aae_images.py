"""Measures the CPU time of one round of an adversarial auto-encoder on 100×100 images.

The use case is that of pygan's README: batches of 20 gray images, 5 steps of the discriminator for each of
the generator's, feature matching of .01 and .99. `pygan` has its sizes, those with which its recipe runs:

- the encoder: two 3×3 convolutions with 20 filters, stride 1 and tanh, so that a code is 100×100×20;
- the decoder: two transposed convolutions back, 20 filters and 1, 3×3;
- the discriminator: a 3×3 convolution with 20 filters and stride 3, and one unit on its 34·34·20 = 23,120
  values.

Two things differ, since an adversarial auto-encoder's discriminator judges codes, and pygan's judged images.
Here its convolution reads 20 channels and not 1. And images are decoded in the turn of reconstruction only;
pygan decoded in all of them, by the decoder and by a further transposed convolution to 1 channel. A round
has about 620 million multiplications for each image and pygan had about 770 million: a factor of 1.2
between the times is that, and the rest is speed.

`example` is the game that `examples/image_aae.py` plays: convolutions of stride 2, codes of 8 numbers, the
gradient penalty R1, batches of 40.

    python benchmarks/aae_images.py
    python benchmarks/aae_images.py --record benchmarks/results/aae_images.json
"""

from __future__ import annotations

import argparse
from pathlib import Path

import keras
from measuring import measure, report, surroundings, times_less

import kerasgan

# CPU seconds per iteration of the recipe of pygan's README (2019), all kernels 3×3, on two cores.
PYGAN = 15.6
SHAPE = (100, 100, 1)
DISCRIMINATOR_STEPS = 5
BATCH_SIZES = {"pygan_sizes": 20, "example": 40}


def pygan_sizes() -> kerasgan.AdversarialAutoEncoder:
    """Returns the game with the sizes of pygan's README."""
    layers = keras.layers
    encoder = keras.Sequential(
        [
            keras.Input(SHAPE),
            layers.Conv2D(20, 3, padding="same", activation="tanh"),
            layers.Conv2D(20, 3, padding="same", activation="tanh"),
        ]
    )
    decoder = keras.Sequential(
        [
            keras.Input(encoder.output_shape[1:]),
            layers.Conv2DTranspose(20, 3, padding="same", activation="tanh"),
            layers.Conv2DTranspose(1, 3, padding="same", activation="tanh"),
        ]
    )
    discriminator = keras.Sequential(
        [
            keras.Input(encoder.output_shape[1:]),
            layers.Conv2D(20, 3, strides=3, padding="same", activation="tanh"),
            layers.Flatten(name="features"),
            layers.Dense(1),
        ]
    )
    aae = kerasgan.AdversarialAutoEncoder(encoder, decoder, discriminator)
    aae.compile(
        loss="minimax",
        penalties=[kerasgan.penalties.FeatureMatching("features", 0.01, sample_weight=0.99)],
        discriminator_steps=DISCRIMINATOR_STEPS,
    )
    return aae


def example() -> kerasgan.AdversarialAutoEncoder:
    """Returns the game of `examples/image_aae.py`."""
    parts = kerasgan.networks.convolutional_auto_encoder(SHAPE, code_size=8, filters=8)
    discriminator = kerasgan.networks.mlp(8, [128, 128], activation="leaky_relu")
    aae = kerasgan.AdversarialAutoEncoder(parts.encoder, parts.decoder, discriminator)
    features = discriminator.layers[-2].name
    aae.compile(
        penalties=[
            kerasgan.penalties.R1(0.1),
            kerasgan.penalties.FeatureMatching(features, 0.01, sample_weight=0.99),
        ],
        discriminator_steps=DISCRIMINATOR_STEPS,
    )
    return aae


def main() -> None:
    """Measures both games."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--iterations", type=int, default=10, help="of an epoch (default: 10)")
    parser.add_argument("--repeats", type=int, default=3, help="epochs measured (default: 3)")
    parser.add_argument("--record", type=Path, help="file to write the line of JSON to, indented")
    options = parser.parse_args()
    if options.iterations < 1 or options.repeats < 1:
        parser.error("--iterations and --repeats must be positive")

    x = kerasgan.datasets.digits(size=SHAPE[0]).x
    results = {}
    for make in (pygan_sizes, example):
        keras.utils.set_random_seed(0)
        batch_size = BATCH_SIZES[make.__name__]
        result = measure(make(), x, 2, options.iterations, options.repeats, batch_size)
        result["times_less_than_pygan"] = times_less(PYGAN, result)
        results[make.__name__] = {"batch_size": batch_size, **result}
    report(
        {
            "benchmark": "aae_images",
            **surroundings(),
            "recipe": {
                "image": SHAPE,
                "discriminator_steps": DISCRIMINATOR_STEPS,
                "iterations": options.iterations,
                "repeats": options.repeats,
            },
            "pygan_cpu_seconds_per_iteration": PYGAN,
            "results": results,
        },
        options.record,
    )


if __name__ == "__main__":
    main()
