"""Fills holes in handwritten digits, and does not change the known pixels.

    python examples/variations/inpainting.py
    python examples/variations/inpainting.py --data mnist

Without `--data`, the digits are scikit-learn's 8×8 ones, which need no download. `mnist` is downloaded by
Keras. You can also give an .npz file of labeled images with test images.

A square with half the side length is cut out near the middle, where the ink is. The game is a
`ConditionalGAN`. Its condition is the image with its hole, and the mask as one more channel. The generator is
a U-Net that ends in the layer `KnownPixels`. So known pixels stay the same, bit for bit, and neither the
discriminator of patches nor the penalty `Reconstruction` can change them (Pathak et al. 2016).

A classifier of whole digits reads test digits of four kinds: with the mean of the training digits in their
holes; with holes filled by the same net, trained by regression alone; with holes filled by the game; and
whole ones. The picture shows these in rows, below a row of digits with holes.
"""

from __future__ import annotations

import math
import sys
import time
from pathlib import Path

import keras
import numpy as np

import kerasgan

sys.path.append(str(Path(__file__).resolve().parents[1]))  # where `command_line.py` is
import command_line

BATCH_SIZE, LATENT, FILTERS = 64, 16, 16


def with_holes(images: np.ndarray, seed: int) -> np.ndarray:
    """Returns images with a square hole each, and the mask of known pixels as one more channel."""
    count, height, width = images.shape[:3]
    known = np.ones((count, height, width), bool)
    shifts = np.random.default_rng(seed).uniform(-1 / 8, 1 / 8, size=(count, 2))
    corners = np.rint((0.25 + shifts) * [height, width]).astype(int)
    for mask, (top, left) in zip(known, corners, strict=True):
        mask[top : top + height // 2, left : left + width // 2] = False
    return kerasgan.layers.KnownPixels.condition(images, known)


def generator(shape: tuple[int, ...]) -> keras.Model:
    """Returns a net that takes noise and an image with a hole, and fills only the hole."""
    holed = (*shape[:2], shape[2] + 1)
    net = kerasgan.networks.unet(holed, shape[2], latent_shape=LATENT, filters=FILTERS)
    outputs = kerasgan.layers.KnownPixels()([net.output, net.inputs[1]])
    return keras.Model(net.inputs, outputs, name="generator")


def adam(steps: int) -> keras.optimizers.Optimizer:
    """Returns Adam whose learning rate falls to zero over the given number of steps."""
    return keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(1e-3, steps), beta_1=0.5)


def inpainting(shape: tuple[int, ...], weight: float, steps: int) -> kerasgan.ConditionalGAN:
    """Returns a compiled game of the generator and a discriminator of patches."""
    holed = (*shape[:2], shape[2] + 1)
    gan = kerasgan.ConditionalGAN(
        generator=generator(shape),
        discriminator=kerasgan.networks.patch_discriminator(shape, holed, filters=FILTERS),
    )
    # R1 takes the sum of the scores of patches. For their mean, divide the weight by their number squared.
    smoothness = kerasgan.penalties.R1(0.1 / math.prod(gan.discriminator.output_shape[1:]) ** 2)
    gan.compile(
        generator_optimizer=adam(steps),
        discriminator_optimizer=adam(steps),
        penalties=[kerasgan.penalties.Reconstruction("mae", weight), smoothness],
    )
    return gan


def main() -> None:
    """Trains both nets, compares and draws."""
    parser = command_line.make_parser(__doc__)
    names = "digits|mnist|FILE.npz"
    parser.add_argument("--data", default="digits", metavar=names, help="images (default: digits)")
    parser.add_argument("--steps", type=int, default=600, help="steps of each net (default: 600)")
    parser.add_argument(
        "--weight", type=float, default=20.0, help="weight of the distance (default: 20)"
    )
    command_line.add_common_options(parser, toy="8 steps", output="outputs/inpainting")
    options = parser.parse_args()
    steps = 8 if options.size == "toy" else options.steps
    command_line.require_positive(parser, steps=steps)
    with command_line.errors_of(parser, f"--data {options.data}"):
        data = command_line.load_with_test_images(options.data, test_fraction=0.25)
        if not data.images or data.y is None or data.x_test is None or len(data) < BATCH_SIZE:
            raise ValueError(f"{BATCH_SIZE} labeled images and test images are needed")

    start = time.perf_counter()
    keras.utils.set_random_seed(options.seed)
    steps_per_epoch = min(steps, len(data) // BATCH_SIZE)
    epochs = math.ceil(steps / steps_per_epoch)
    steps, x = epochs * steps_per_epoch, data.x[: steps_per_epoch * BATCH_SIZE]
    holed, holed_test = with_holes(x, seed=options.seed), with_holes(data.x_test, seed=1000)
    known = holed_test[..., -1] > 0
    noise, noise_test = (np.zeros((len(each), LATENT), "float32") for each in (x, holed_test))

    regression = generator(data.sample_shape)
    regression.compile(adam(steps), "mse")
    regression.fit([noise, holed], x, batch_size=BATCH_SIZE, epochs=epochs, verbose=2)
    gan = inpainting(data.sample_shape, options.weight, steps)
    gan.fit(x, holed, batch_size=BATCH_SIZE, epochs=epochs, verbose=2)

    completed = {
        "mean": np.where(known[..., None], data.x_test, x.mean(axis=0)),
        "regression": regression.predict([noise_test, holed_test], verbose=0),
        "game": gan.generate(len(holed_test), condition=holed_test, seed=0),
        "whole": data.x_test,
    }
    changed = sum(int((images[known] != data.x_test[known]).sum()) for images in completed.values())
    judge = kerasgan.metrics.classifier_features(
        data.x[:20000], data.y[:20000], epochs=3, output="probabilities"
    ).model
    accuracies = {
        name: round(float((judge.predict(each, verbose=0).argmax(1) == data.y_test).mean()), 4)
        for name, each in completed.items()
    }
    rows = [holed_test[..., :-1], *completed.values()]
    grid = kerasgan.callbacks.image_grid(np.concatenate([row[:16] for row in rows]), rows=5)
    picture = kerasgan.callbacks.save_image(grid, options.output / "inpainting.png")
    print("\nKnown pixels that changed:", changed, "\nTest digits that are read right:")
    print(*(f"  {name:10} {accuracy:7.1%}" for name, accuracy in accuracies.items()), sep="\n")
    print(f"\nHoles, mean, regression, game, whole: {picture.resolve()}")
    answer = {
        "seed": options.seed,
        "steps": steps,
        "known_pixels_changed": changed,
        "accuracies": accuracies,
        "processor_seconds": round(time.process_time(), 1),
    }
    command_line.print_answer(answer, [picture], start)


if __name__ == "__main__":
    main()
