"""Enlarges images four times, so that they look like real images and not like enlargements.

    python examples/variations/super_resolution.py --data fashion_mnist

Without `--data`, the images are crops of 32×32 pixels of the two photographs that come with scikit-learn,
without plain sky. Test crops are from the middle fifth of each photograph, and training crops from both sides
of it. You can also give `mnist` or `fashion_mnist` (downloaded by Keras), or an .npz file of labeled images
with test images.

Each image is reduced to a quarter of its height and width. The net has to guess the image from that. A net
that minimizes the squared error gives an average of all possible images, which is smooth. Here the same net
must also convince a discriminator of patches, which sees the small image too (SRGAN, Ledig et al. 2017). The
game is a `ConditionalGAN` whose condition is the small image, with the penalty `Reconstruction`.

The script compares bicubic enlargement, the net trained on squared errors alone, and the game on test images.
It prints the peak signal-to-noise ratio, which depends on the squared error, and the kernel distance from
real images, in the features of a classifier of real training images. The classes are the labels. Photographs
have no labels, so there the classifier learns which way up a crop is.

The rows of the picture: the small images, all enlargements, and the truth.
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

with command_line.extra("examples"):
    from sklearn.datasets import load_sample_images

BATCH_SIZE, FACTOR, CROP = 32, 4, 32


def photographs() -> kerasgan.datasets.Dataset:
    """Returns crops of photographs in all four orientations, with the orientations as labels."""
    train, test = list[np.ndarray](), list[np.ndarray]()
    for photograph in load_sample_images().images:
        left, middle, right = np.split(photograph, [256, 384], axis=1)
        for crops, part in ((train, left), (train, right), (test, middle)):
            windows = np.lib.stride_tricks.sliding_window_view(part, (CROP, CROP), axis=(0, 1))
            found = np.moveaxis(windows[::8, ::8], 2, -1).reshape(-1, CROP, CROP, 3)
            crops += [crop for crop in found if crop.std(axis=(0, 1)).mean() > 20]
    tanh = kerasgan.datasets.Tanh(0.0, 255.0)
    x, x_test = (np.concatenate([np.rot90(p, k, (1, 2)) for k in range(4)]) for p in (train, test))
    y, y_test = (np.repeat(np.arange(4), len(part)) for part in (train, test))
    order = np.random.default_rng(0).permutation(len(x))
    x, y, x_test = tanh(x)[order], y[order], tanh(x_test)
    return kerasgan.datasets.Dataset(x, y, x_test, y_test, normalization=tanh, images=True)


def resized(images: np.ndarray, factor: float) -> np.ndarray:
    """Returns images of another size, by bicubic interpolation."""
    size = tuple(int(side * factor) for side in images.shape[1:3])
    result = keras.ops.image.resize(images, size, interpolation="bicubic", antialias=True)
    return np.clip(keras.ops.convert_to_numpy(result), -1, 1)


def adam(steps: int) -> keras.optimizers.Optimizer:
    """Returns Adam whose learning rate falls to zero over the given number of steps."""
    return keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(1e-3, steps), beta_1=0.5)


def srgan(shape: tuple[int, ...], weight: float, steps: int) -> kerasgan.ConditionalGAN:
    """Returns a compiled game of a residual net and a discriminator of patches."""
    small = (shape[0] // FACTOR, shape[1] // FACTOR, shape[2])
    net = kerasgan.networks.super_resolution_generator
    gan = kerasgan.ConditionalGAN(
        generator=net(small, FACTOR, latent_channels=1, filters=24),
        discriminator=kerasgan.networks.patch_discriminator(shape, small, filters=32),
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
    parser.add_argument("--data", help="mnist, fashion_mnist or FILE.npz (default: photographs)")
    parser.add_argument("--steps", type=int, default=1200, help="steps of each net (default: 1200)")
    parser.add_argument(
        "--weight", type=float, default=20.0, help="weight of the distance (default: 20)"
    )
    command_line.add_common_options(parser, toy="8 steps", output="outputs/super_resolution")
    options = parser.parse_args()
    steps = 8 if options.size == "toy" else options.steps
    command_line.require_positive(parser, steps=steps)
    with command_line.errors_of(parser, f"--data {options.data}"):
        data = kerasgan.datasets.load(options.data) if options.data else photographs()
        if not data.images or data.y is None or data.x_test is None or len(data) < BATCH_SIZE:
            raise ValueError(f"{BATCH_SIZE} labeled images and test images are needed")

    start = time.perf_counter()
    keras.utils.set_random_seed(options.seed)
    steps_per_epoch = min(steps, len(data) // BATCH_SIZE)
    epochs = -(-steps // steps_per_epoch)
    steps, x, x_test = epochs * steps_per_epoch, data.x[: steps_per_epoch * BATCH_SIZE], data.x_test
    small, small_test = resized(x, 1 / FACTOR), resized(x_test, 1 / FACTOR)

    gan = srgan(data.sample_shape, options.weight, steps)
    plain = keras.models.clone_model(gan.generator)
    plain.compile(adam(steps), "mse")
    noise, noise_test = (np.zeros((*each.shape[:3], 1)) for each in (small, small_test))
    plain.fit([noise, small], x, batch_size=BATCH_SIZE, epochs=epochs, verbose=2)
    gan.fit(x, small, batch_size=BATCH_SIZE, epochs=epochs, verbose=2)

    features = kerasgan.metrics.classifier_features(data.x[:20000], data.y[:20000], epochs=3)
    enlarged = {
        "bicubic": resized(small_test, FACTOR),
        "plain": plain.predict([noise_test, small_test], verbose=0),
        "game": gan.generate(len(x_test), condition=small_test, seed=0),
    }
    distances, ratios = {}, {}
    print("\nOn test images     PSNR   kernel distance")
    for name, images in enlarged.items():
        distance = kerasgan.metrics.KernelDistance(features)
        distance.update_state(x_test, np.clip(images, -1, 1))
        mistake = float(np.square(np.clip(images, -1, 1) - x_test).mean())
        ratios[name] = round(10 * np.log10(4 / mistake), 2)
        distances[name] = round(float(distance.result()), 5)
        print(f"  {name:10} {ratios[name]:9.2f} {distances[name]:14.5f}")
    rows = [small_test.repeat(FACTOR, 1).repeat(FACTOR, 2), *enlarged.values(), x_test]
    shown = np.random.default_rng(1).choice(len(x_test), 12, replace=False)
    grid = kerasgan.callbacks.image_grid(np.concatenate([row[shown] for row in rows]), rows=5)
    picture = kerasgan.callbacks.save_image(grid, options.output / "super_resolution.png")
    print(f"\nSmall, bicubic, plain net, game, truth: {picture.resolve()}")
    answer = {
        "steps": steps,
        "psnr": ratios,
        "kernel_distance": distances,
        "processor_seconds": round(time.process_time(), 1),
    }
    command_line.print_answer(answer, [picture], start)


if __name__ == "__main__":
    main()
