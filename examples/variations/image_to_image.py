"""Trains pix2pix: drawings of edges become pictures.

    python examples/variations/image_to_image.py
    python examples/variations/image_to_image.py --data fashion_mnist

Without `--data`, it colors in the edges of scikit-learn's 8×8 digits, which need no download. This is a first
look. For more, use `fashion_mnist` or `mnist` (downloaded by Keras), or an .npz file of labeled images with
test images.

Edges do not tell how bright and how rough the cloth between them is. A net that only minimizes the distance
to the true picture gives an average of all possible pictures, which is smooth. Here the same U-Net must also
convince a discriminator of patches, which sees the edges too (Isola et al. 2017). The game is a
`ConditionalGAN` whose condition is an image, with the penalty `Reconstruction`.

Both nets take equally many steps on the same pairs. Two figures compare them on test pairs: the mean absolute
error, and the kernel distance between their pictures and real ones, in the features of a classifier of real
training pictures. The plain net is trained for the first figure. The second one is lower if pictures look
real. The rows of the picture: edges, the pictures of the plain net, those of the game, and the truth.
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


def edges(images: np.ndarray) -> np.ndarray:
    """Returns drawings: 1 where the brightness changes steeply, and -1 elsewhere."""
    rows, columns = np.gradient(images, axis=(1, 2))
    steepness = np.hypot(rows, columns).max(axis=-1, keepdims=True)
    return np.where(steepness > 0.3, 1.0, -1.0).astype("float32")


def adam(steps: int, rate: float = 1e-3) -> keras.optimizers.Optimizer:
    """Returns Adam whose learning rate falls to zero over the given number of steps."""
    return keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(rate, steps), beta_1=0.5)


def pix2pix(shape: tuple[int, ...], weight: float, steps: int) -> kerasgan.ConditionalGAN:
    """Returns a compiled game of a U-Net and a discriminator of patches. Both see the edges."""
    drawing = (*shape[:2], 1)
    gan = kerasgan.ConditionalGAN(
        generator=kerasgan.networks.unet(drawing, shape[2], latent_shape=LATENT, filters=FILTERS),
        discriminator=kerasgan.networks.patch_discriminator(shape, drawing, filters=2 * FILTERS),
        # The edges tell nearly everything, and noise increases the distance.
        prior=kerasgan.priors.Normal(stddev=0.1),
    )
    # R1 takes the sum of the scores of patches. For their mean, divide the weight by their number squared.
    smoothness = kerasgan.penalties.R1(0.1 / math.prod(gan.discriminator.output_shape[1:]) ** 2)
    gan.compile(
        generator_optimizer=adam(steps),
        # With the rate of the generator it would be too slow, and the pictures less sharp.
        discriminator_optimizer=adam(steps, rate=2e-3),
        penalties=[kerasgan.penalties.Reconstruction("mae", weight), smoothness],
    )
    return gan


def main() -> None:
    """Trains both nets, compares and draws."""
    parser = command_line.make_parser(__doc__)
    names = "digits|mnist|fashion_mnist|FILE.npz"
    parser.add_argument("--data", default="digits", metavar=names, help="images (default: digits)")
    parser.add_argument("--steps", type=int, default=900, help="steps of each net (default: 900)")
    parser.add_argument(
        "--weight", type=float, default=100.0, help="weight of the distance (default: 100)"
    )
    command_line.add_common_options(parser, toy="8 steps", output="outputs/image_to_image")
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
    drawings, drawings_test = edges(x), edges(data.x_test)

    gan = pix2pix(data.sample_shape, options.weight, steps)
    plain = keras.models.clone_model(gan.generator)
    plain.compile(adam(steps), "mae")
    noise = np.zeros((len(x), LATENT), "float32")
    plain.fit([noise, drawings], x, batch_size=BATCH_SIZE, epochs=epochs, verbose=2)
    gan.fit(x, drawings, batch_size=BATCH_SIZE, epochs=epochs, verbose=2)

    features = kerasgan.metrics.classifier_features(data.x[:20000], data.y[:20000], epochs=3)
    noise = np.zeros((len(data.x_test), LATENT), "float32")
    pictures = {
        "plain": plain.predict([noise, drawings_test], verbose=0),
        "game": gan.generate(len(data.x_test), condition=drawings_test, seed=0),
    }
    figures = {}
    for name, images in pictures.items():
        distance = kerasgan.metrics.KernelDistance(features)
        distance.update_state(data.x_test, images)
        figures[f"{name}_error"] = round(float(np.abs(images - data.x_test).mean()), 4)
        figures[f"{name}_kernel_distance"] = round(float(distance.result()), 4)
    rows = [drawings_test, *pictures.values(), data.x_test]
    grid = kerasgan.callbacks.image_grid(np.concatenate([row[:16] for row in rows]), rows=4)
    picture = kerasgan.callbacks.save_image(grid, options.output / "image_to_image.png")
    print(
        "\nOn test pairs           plain net   game"
        f"\n  mean absolute error   {figures['plain_error']:9.4f} {figures['game_error']:9.4f}"
        f"\n  kernel distance       {figures['plain_kernel_distance']:9.4f}"
        f" {figures['game_kernel_distance']:9.4f}"
        f"\n\nEdges, plain net, game, truth: {picture.resolve()}"
    )
    answer = {
        "seed": options.seed,
        "steps": steps,
        **figures,
        "processor_seconds": round(time.process_time(), 1),
    }
    command_line.print_answer(answer, [picture], start)


if __name__ == "__main__":
    main()
