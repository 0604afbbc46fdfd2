"""Trains a convolutional adversarial auto-encoder on a folder of images, 100×100, gray or in color.

    python examples/image_aae.py --data folder_of_images --channels 3

Sub-folders are searched too, and images may have different sizes. Without `--data`, the images are
scikit-learn's handwritten digits, enlarged, and tinted if they are in color. Nothing is downloaded then, and
training takes a few minutes on two cores.

First, the encoder and the decoder learn to reproduce images (`aae.autoencoder`). Then the game is played in
rounds:

- The encoder and the decoder go on learning to reproduce images.
- A discriminator takes five steps. It learns to tell codes from draws of a normal distribution.
- The encoder takes one step. It learns to make codes that look like draws of that distribution.

In the end, the decoder makes an image of a random draw, just as of the code of an image. Feature matching is
added to the encoder's loss: the features of the discriminator (weight .01) and the codes themselves (weight
.99) should have the same means as under the prior.

The script draws grids of generated and of reconstructed images during training. Compare them with `real.png`.
Pictures, curves and the CSV file of all probabilities go to `outputs/image_aae`, and the model to
`saved_models/image_aae`, both in the current directory. With `--output DIRECTORY`, everything goes to that
directory, and the model to its folder `saved_models`.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path
from typing import Any

import command_line
import keras
import numpy as np

import kerasgan

with command_line.extra("examples"):
    from matplotlib import colormaps

# Means over few codes vary at random. To match such means would pull all codes to the middle.
BATCH_SIZE = 40
DISCRIMINATOR_STEPS = 5
PRETRAINING_EPOCHS = {1: 5, 3: 15}
ROWS, COLUMNS = 4, 6


def adversarial_auto_encoder(
    sample_shape: tuple[int, ...], filters: int, code_size: int, rounds: int
) -> kerasgan.AdversarialAutoEncoder:
    """Returns a compiled model: two convolutional networks, and a small discriminator of codes."""
    # Without normalization, the auto-encoder needs hundreds of steps before it learns colors.
    normalization = "batch" if sample_shape[-1] == 3 else None
    parts = kerasgan.networks.convolutional_auto_encoder(
        sample_shape, code_size, filters, normalization
    )
    discriminator = keras.Sequential(
        [
            keras.Input((code_size,)),
            keras.layers.Dense(128, activation="leaky_relu"),
            keras.layers.Dense(128, activation="leaky_relu", name="features"),
            keras.layers.Dense(1),
        ],
        name="discriminator",
    )
    aae = kerasgan.AdversarialAutoEncoder(parts.encoder, parts.decoder, discriminator)

    def adam(rate: float, steps: int) -> keras.optimizers.Optimizer:
        return keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(rate, steps))

    # The codes follow the prior only if the game moves the encoder faster than the reproduction does.
    aae.compile(
        reconstruction_optimizer=adam(3e-4, rounds),
        discriminator_optimizer=adam(1e-3, DISCRIMINATOR_STEPS * rounds),
        generator_optimizer=adam(1e-3, rounds),
        penalties=[
            kerasgan.penalties.R1(0.1),
            kerasgan.penalties.FeatureMatching("features", weight=0.01, sample_weight=0.99),
        ],
        discriminator_steps=DISCRIMINATOR_STEPS,
    )
    return aae


class ReconstructionGrid(keras.callbacks.Callback):
    """Writes reconstructions of the same images every few epochs."""

    def __init__(self, x: np.ndarray, directory: Path, every_epochs: int) -> None:
        super().__init__()
        self.x, self.directory, self.every_epochs = x, directory, every_epochs
        self.paths: list[Path] = []

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Writes a grid."""
        if (epoch + 1) % self.every_epochs == 0:
            path = self.directory / f"epoch_{epoch + 1:04d}.png"
            self.paths.append(write_grid(self.model.reconstruct(self.x), path))


def write_grid(images: np.ndarray, path: Path) -> Path:
    """Writes images side by side."""
    grid = kerasgan.callbacks.image_grid(images, rows=ROWS, columns=COLUMNS, scale=1)
    return kerasgan.callbacks.save_image(grid, path)


def load(options: argparse.Namespace) -> np.ndarray:
    """Returns images from -1 to 1, with the size and the channels of the options."""
    if options.data is not None:
        return kerasgan.datasets.image_folder(
            options.data, size=options.image_size, channels=options.channels
        ).x
    x = kerasgan.datasets.digits(size=options.image_size).x
    if options.channels == 3:
        hues = np.random.default_rng(options.seed).uniform(size=len(x))
        tints = colormaps["hsv"](hues)[:, None, None, :3]
        x = (x + 1) * (0.2 + 0.8 * tints) - 1
    return x.astype("float32")


def main() -> None:
    """Trains, draws and saves."""
    parser = command_line.make_parser(__doc__)
    parser.add_argument(
        "--data", type=Path, metavar="FOLDER", help="images to learn from (default: digits)"
    )
    parser.add_argument(
        "--image-size", type=int, default=100, help="height and width (default: 100)"
    )
    parser.add_argument(
        "--channels", type=int, choices=[1, 3], default=1, help="1: gray, 3: color (default: 1)"
    )
    parser.add_argument("--code-size", type=int, default=8, help="length of a code (default: 8)")
    parser.add_argument("--rounds", type=int, help="rounds of the game (default: 600)")
    command_line.add_common_options(parser, toy="4 rounds")
    options = parser.parse_args()
    toy = options.size == "toy"
    rounds = options.rounds or (4 if toy else 600)
    command_line.require_positive(
        parser, image_size=options.image_size, code_size=options.code_size, rounds=options.rounds
    )
    with command_line.errors_of(parser, f"--data {options.data}"):
        x = load(options)
        if len(x) < DISCRIMINATOR_STEPS * BATCH_SIZE:
            raise ValueError(
                f"a round needs {DISCRIMINATOR_STEPS * BATCH_SIZE} images, and there are only {len(x)}"
            )
    x = x[:200] if toy else x
    pictures, models = command_line.output_folders(options.output, "image_aae")

    start = time.perf_counter()
    keras.utils.set_random_seed(options.seed)
    epochs = math.ceil(rounds / (len(x) // (DISCRIMINATOR_STEPS * BATCH_SIZE)))
    aae = adversarial_auto_encoder(x.shape[1:], 4 if toy else 8, options.code_size, rounds)
    shown = x[: ROWS * COLUMNS]
    real = write_grid(shown, pictures / "real.png")

    print("Pre-training of the auto-encoder")
    aae.autoencoder.compile(keras.optimizers.Adam(1e-3), "mse")
    pretraining = aae.autoencoder.fit(
        x, x, batch_size=64, epochs=1 if toy else PRETRAINING_EPOCHS[options.channels]
    )

    print("The game")
    every = max(1, epochs // 8)
    generated = kerasgan.callbacks.SampleGrid(
        pictures / "generated", rows=ROWS, columns=COLUMNS, every_epochs=every, scale=1
    )
    reconstructed = ReconstructionGrid(shown, pictures / "reconstructed", every)
    curves = kerasgan.callbacks.ProbabilityLogger(pictures, every_epochs=every)
    backup = command_line.backup_of_run(pictures, options)
    callbacks = [generated, reconstructed, curves, backup]
    with command_line.saved_when_stopped(aae, models / "aae.keras"):
        history = aae.fit(x, batch_size=BATCH_SIZE, epochs=epochs, callbacks=callbacks)
    aae.save(models / "aae.keras")

    print(
        f"\nReal images:          {real.resolve()}"
        f"\nGenerated images:     {generated.directory.resolve()}"
        f"\nReconstructed images: {reconstructed.directory.resolve()}"
        f"\nProbabilities:        {' and '.join(str(path.resolve()) for path in curves.paths)}"
        f"\nThe whole model:      {(models / 'aae.keras').resolve()}"
    )
    files = [real, *generated.paths, *reconstructed.paths, *curves.paths, models / "aae.keras"]
    codes = aae.encode(x)
    answer = {
        "images": len(x),
        "shape": x.shape[1:],
        "epochs": epochs,
        "pretraining_loss": [round(value, 4) for value in pretraining.history["loss"]],
        **{name: round(values[-1], 4) for name, values in history.history.items()},
        "code_mean": round(float(np.abs(codes.mean(axis=0)).max()), 3),
        "code_deviations": [round(float(value), 3) for value in np.sort(codes.std(axis=0))],
    }
    command_line.print_answer(answer, files, start)


if __name__ == "__main__":
    main()
