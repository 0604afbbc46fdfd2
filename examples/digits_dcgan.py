"""Trains a convolutional GAN (DCGAN) on small pictures. The default is real handwritten digits.

The 1,797 digits of 8×8 pixels come with scikit-learn, so nothing is downloaded. With them, training takes two
to three minutes on two cores. Larger pictures take longer:

    python examples/digits_dcgan.py
    python examples/digits_dcgan.py --data mnist
    python examples/digits_dcgan.py --data folder_of_pictures --image-size 32 --steps 10000

Watch two numbers in the progress bar. `real_probability` is the probability that the discriminator gives to
real pictures. `fake_probability` is the one that it gives to generated pictures. At first, it can tell them
apart. If both end near 0.5, it no longer can.

R1 and R2 keep the discriminator smooth around real and generated pictures (Mescheder et al. 2018). So the
game can settle, and neither network needs batch normalization. The learning rate is ten times the usual one,
and falls to zero along a cosine.

Ctrl-C saves the model so far. The same command then continues after the last whole epoch. It does so after a
kill too.

Pictures, curves and the CSV file of all probabilities go to `outputs/digits_dcgan`, and the models to
`saved_models/digits_dcgan`, both in the current directory. With `--output DIRECTORY`, everything goes to that
directory, and the models to its folder `saved_models`.

`generated.png` and `real.png` show small pictures enlarged smoothly. The pictures in `samples` are enlarged
pixel by pixel, and show the same noise from the first step to the last.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path

import command_line
import keras
import numpy as np
from PIL import Image

import kerasgan

BATCH_SIZE = 64
ROWS, COLUMNS = 8, 12


def dcgan(sample_shape: tuple[int, ...], steps: int) -> kerasgan.GAN:
    """Returns a compiled GAN of two small convolutional networks."""
    gan = kerasgan.GAN(
        generator=kerasgan.networks.dcgan_generator(
            latent_shape=64, sample_shape=sample_shape, filters=32, normalization=None
        ),
        discriminator=kerasgan.networks.dcgan_discriminator(sample_shape, filters=32),
    )
    gan.compile(
        generator_optimizer=adam(steps),
        discriminator_optimizer=adam(steps),
        loss="non_saturating",
        penalties=[kerasgan.penalties.R1(0.05), kerasgan.penalties.R2(0.05)],
    )
    return gan


def adam(steps: int) -> keras.optimizers.Optimizer:
    """Returns Adam without momentum. Its learning rate falls to zero over the given number of steps."""
    rate = keras.optimizers.schedules.CosineDecay(2e-3, decay_steps=steps)
    return keras.optimizers.Adam(rate, beta_1=0.0, beta_2=0.99)


def load(options: argparse.Namespace) -> kerasgan.datasets.Dataset:
    """Returns the pictures, or raises an error that says what is wrong with `--data`."""
    size = {} if options.image_size is None else {"size": options.image_size}
    if size and options.data != "digits" and not Path(options.data).is_dir():
        raise ValueError("only digits and folders can be resized (--image-size)")
    data = kerasgan.datasets.load(options.data, **size)
    if not data.images:
        raise ValueError("these are not pictures")
    if len(data) < BATCH_SIZE:
        raise ValueError(f"{len(data)} pictures do not fill a batch of {BATCH_SIZE}")
    return data


def save_enlarged(data: kerasgan.datasets.Dataset, samples: np.ndarray, path: Path) -> None:
    """Writes a grid of pictures. Small ones are enlarged smoothly until they are 64 pixels wide."""
    scale = max(1, 64 // samples.shape[2])
    size = (scale * samples.shape[2], scale * samples.shape[1])
    pictures = [Image.fromarray(pixels.squeeze()) for pixels in data.invert(samples)]
    enlarged = np.stack(
        [np.asarray(picture.resize(size, Image.Resampling.BICUBIC)) for picture in pictures]
    )
    grid = kerasgan.callbacks.image_grid(enlarged, columns=COLUMNS, value_range=(0, 255), scale=1)
    kerasgan.callbacks.save_image(grid, path)


def main() -> None:
    """Trains, draws and saves."""
    parser = command_line.make_parser(__doc__)
    parser.add_argument(
        "--data",
        default="digits",
        metavar="digits|mnist|fashion_mnist|FILE.npz|FOLDER",
        help="pictures to learn from (default: digits)",
    )
    parser.add_argument(
        "--image-size",
        type=int,
        help="resize digits and folders to this height and width (default: no resizing)",
    )
    parser.add_argument(
        "--steps", type=int, help="number of steps, rounded up to whole epochs (default: 4000)"
    )
    command_line.add_common_options(parser, toy="20 steps")
    options = parser.parse_args()
    command_line.require_positive(parser, steps=options.steps)
    steps = options.steps or (20 if options.size == "toy" else 4000)
    with command_line.errors_of(parser, f"--data {options.data}"):
        data = load(options)
    pictures, models = command_line.output_folders(options.output, "digits_dcgan")

    start = time.perf_counter()
    keras.utils.set_random_seed(options.seed)
    whole_epoch = len(data) // BATCH_SIZE
    per_epoch = min(steps, whole_epoch)
    epochs = math.ceil(steps / per_epoch)
    gan = dcgan(data.sample_shape, epochs * per_epoch)
    gan.normalization = data.normalization
    grids = kerasgan.callbacks.SampleGrid(
        pictures / "samples",
        rows=ROWS,
        columns=COLUMNS,
        every_batches=max(10, steps // 10),
        file_name="{index:02d}.png",
        at_begin=True,
    )
    curves = kerasgan.callbacks.ProbabilityLogger(pictures, every_epochs=max(1, epochs // 10))
    backup = command_line.backup_of_run(pictures, options)
    with command_line.saved_when_stopped(gan, models / "gan.keras"):
        history = gan.fit(
            data.x,
            batch_size=BATCH_SIZE,
            epochs=epochs,
            steps_per_epoch=per_epoch if per_epoch < whole_epoch else None,
            callbacks=[grids, curves, backup],
        )

    generated = gan.generate(ROWS * COLUMNS, seed=grids.seed)
    save_enlarged(data, generated, pictures / "generated.png")
    save_enlarged(data, data.x[: ROWS * COLUMNS], pictures / "real.png")
    gan.save(models / "gan.keras")
    gan.export(models / "generator", normalization=data.normalization, verbose=False)

    print(
        f"\nGenerated pictures: {(pictures / 'generated.png').resolve()}"
        f"\nReal pictures:      {(pictures / 'real.png').resolve()}"
        f"\nDuring training:    {grids.directory.resolve()}"
        f"\nProbabilities:      {' and '.join(str(path.resolve()) for path in curves.paths)}"
        f"\nThe whole GAN:      {(models / 'gan.keras').resolve()}"
        f"\nSavedModel:         {(models / 'generator').resolve()}"
    )
    files = [
        pictures / "generated.png",
        pictures / "real.png",
        *grids.paths,
        *curves.paths,
        models / "gan.keras",
        models / "generator" / "saved_model.pb",
    ]
    answer = {
        "images": len(data),
        "shape": data.sample_shape,
        "epochs": epochs,
        **{name: round(values[-1], 4) for name, values in history.history.items()},
    }
    command_line.print_answer(answer, files, start)


if __name__ == "__main__":
    main()
