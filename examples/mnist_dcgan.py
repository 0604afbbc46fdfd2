"""The classic DCGAN script: it trains, can be stopped and resumed at any time, and generates.

    python examples/mnist_dcgan.py --mode train --data mnist
    python examples/mnist_dcgan.py --mode generate --batch_size 64
    python examples/mnist_dcgan.py --mode generate --batch_size 64 --nice

`train` writes the model every 10 batches. Every 20 batches it writes a grid of samples. The name of the grid
has the epoch and the batch in it, `{epoch}_{index}.png`. You can stop it with Ctrl-C. The same command
continues from the saved model, with the state of both optimizers and of the random numbers.

`generate` draws `--batch_size` samples into `generated_image.png`. With `--nice`, it draws 20 times as many,
and keeps those that the discriminator finds most real.

The generator turns 100 numbers from U(-1, 1) into 1,024 numbers, and these into a small image with 128
channels (with batch normalization). It doubles this image twice, and a 5×5 convolution follows each doubling.
The discriminator does the reverse with max pooling. All activations are tanh, except for a sigmoid at the end
of the discriminator. Both learn with SGD (5e-4, momentum 0.9, Nesterov).

This is slow. Half an epoch of MNIST gives strokes. The default data, scikit-learn's 1,797 digits, have only
14 batches per epoch. Shapes like digits appear after about 200 epochs, so start the script again. For good
pictures of these digits, use `digits_dcgan.py`.
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
from keras import layers

import kerasgan


def make_generator(sample_shape: tuple[int, ...]) -> keras.Model:
    """Returns 100 → 1024 → a quarter of height and width with 128 channels → doubled twice."""
    height, width, channels = sample_shape
    small = (math.ceil(height / 4), math.ceil(width / 4), 128)
    model = keras.Sequential([keras.Input((100,))], name="generator")
    model.add(layers.Dense(1024, activation="tanh"))
    model.add(layers.Dense(math.prod(small)))
    model.add(layers.BatchNormalization())
    model.add(layers.Activation("tanh"))
    model.add(layers.Reshape(small))
    model.add(layers.UpSampling2D())
    model.add(layers.Conv2D(64, 5, padding="same", activation="tanh"))
    model.add(layers.UpSampling2D())
    # If 4 does not divide a size, the surplus rows or columns are cut off.
    model.add(layers.Cropping2D(((0, 4 * small[0] - height), (0, 4 * small[1] - width))))
    model.add(layers.Conv2D(channels, 5, padding="same", activation="tanh"))
    return model


def make_discriminator(sample_shape: tuple[int, ...]) -> keras.Model:
    """Returns two convolutions with max pooling, a dense layer, and the probability of being real."""
    model = keras.Sequential([keras.Input(sample_shape)], name="discriminator")
    for filters in (64, 128):
        model.add(layers.Conv2D(filters, 5, padding="same", activation="tanh"))
        model.add(layers.MaxPooling2D(padding="same"))
    model.add(layers.Flatten())
    model.add(layers.Dense(1024, activation="tanh"))
    model.add(layers.Dense(1, activation="sigmoid"))
    return model


def make_gan(sample_shape: tuple[int, ...]) -> kerasgan.GAN:
    """Returns the untrained game."""
    gan = kerasgan.GAN(
        make_generator(sample_shape),
        make_discriminator(sample_shape),
        prior=kerasgan.priors.Uniform(low=-1.0, high=1.0),
    )
    gan.compile(
        generator_optimizer=keras.optimizers.SGD(5e-4, momentum=0.9, nesterov=True),
        discriminator_optimizer=keras.optimizers.SGD(5e-4, momentum=0.9, nesterov=True),
    )
    return gan


class Checkpoint(keras.callbacks.Callback):
    """Writes the model every few batches, counted over all runs, and when training ends."""

    def __init__(self, path: Path, every_batches: int) -> None:
        super().__init__()
        self.path, self.every_batches = path, every_batches

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Writes the model after every `every_batches` batches."""
        if int(self.model.optimizer.iterations) % self.every_batches == 0:
            self.write()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Writes the last state."""
        self.write()

    def write(self) -> None:
        """Writes the new model to another file first, then renames it. So Ctrl-C harms neither model."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_name("unfinished.keras")
        self.model.save(temporary)
        temporary.replace(self.path)


def load(options: argparse.Namespace) -> kerasgan.datasets.Dataset:
    """Returns the images, or raises an error that says what is wrong with `--data`."""
    data = kerasgan.datasets.load(options.data)
    if not data.images:
        raise ValueError("these are not images")
    return data.take(min(320, len(data))) if options.size == "toy" else data


def train(
    options: argparse.Namespace, gan: kerasgan.GAN, x: np.ndarray, path: Path
) -> tuple[list[Path], dict[str, Any]]:
    """Trains, from where the last run stopped. Returns the written files and figures."""
    batches = int(gan.optimizer.iterations)
    # An interrupted epoch starts again, and so its grids are drawn again.
    done = batches // (len(x) // options.batch_size)
    print(f"Continuing after {batches} batches" if batches else "Training a new model")
    grids = kerasgan.callbacks.SampleGrid(
        path.parent, rows=8, columns=16, every_batches=20, file_name="{epoch}_{batch}.png"
    )
    figures = {"batches_before": batches}
    try:
        history = gan.fit(
            x,
            batch_size=options.batch_size,
            initial_epoch=done,
            epochs=done + options.epochs,
            callbacks=[Checkpoint(path, every_batches=10), grids],
        ).history
        figures |= {name: round(values[-1], 4) for name, values in history.items()}
    except KeyboardInterrupt:
        print("\nStopped. Run the same command again to continue from the last checkpoint.")
    figures["batches"] = int(gan.optimizer.iterations)
    written = [path] if path.exists() else []  # None if stopped before the first checkpoint.
    return [*written, *grids.paths], figures


def generate(
    options: argparse.Namespace, gan: kerasgan.GAN, path: Path
) -> tuple[list[Path], dict[str, Any]]:
    """Draws samples with the trained model. Returns the written file and figures."""
    samples = gan.generate(options.batch_size * (20 if options.nice else 1), seed=options.seed)
    probability = gan.discriminate(samples)
    if options.nice:
        best = np.argsort(-probability)[: options.batch_size]
        samples, probability = samples[best], probability[best]
    picture = kerasgan.callbacks.save_image(
        kerasgan.callbacks.image_grid(samples), path.parent / "generated_image.png"
    )
    return [picture], {"samples": len(samples), "probability": round(float(probability.mean()), 4)}


def main() -> None:
    """Trains or generates."""
    parser = command_line.make_parser(__doc__)
    parser.add_argument("--mode", choices=["train", "generate"], required=True, help="what to do")
    parser.add_argument(
        "--batch_size", type=int, default=128, help="size of a batch (default: 128)"
    )
    parser.add_argument(
        "--nice", action="store_true", help="keep the best of 20 times as many samples"
    )
    parser.add_argument("--epochs", type=int, help="number of epochs of this run (default: 100)")
    parser.add_argument(
        "--data",
        default="digits",
        metavar="digits|mnist|fashion_mnist|FILE.npz|FOLDER",
        help="images to train on (default: digits)",
    )
    command_line.add_common_options(
        parser,
        toy="2 epochs of 320 images",
        output="outputs/mnist_dcgan",
        output_help="folder of the model and the pictures",
    )
    options = parser.parse_args()
    if options.epochs is None:
        options.epochs = 2 if options.size == "toy" else 100
    if options.batch_size < 1 or options.epochs < 1:
        parser.error("--batch_size and --epochs must be positive")
    if options.nice and options.mode == "train":
        parser.error("--nice goes with --mode generate")

    start = time.perf_counter()
    keras.utils.set_random_seed(options.seed)
    path = options.output / "gan.keras"
    if options.mode == "train":
        with command_line.errors_of(parser, f"--data {options.data}"):
            data = load(options)
        if len(data) < options.batch_size:
            parser.error(f"--batch_size {options.batch_size}: there are only {len(data)} images")
        gan = keras.models.load_model(path) if path.exists() else make_gan(data.sample_shape)
        gan.normalization = data.normalization
        if gan.generator.output_shape[1:] != data.sample_shape:
            parser.error(
                f"the model in {options.output} draws images of shape {gan.generator.output_shape[1:]}, but "
                f"the images of --data have the shape {data.sample_shape}: choose another --output"
            )
        files, figures = train(options, gan, data.x, path)
    else:
        if not path.exists():
            parser.error(
                f"no model in {options.output}; train one first, with --mode train and this --output"
            )
        files, figures = generate(options, keras.models.load_model(path), path)
    print(f"\nModel: {path.resolve()}\nPictures: {path.parent.resolve()}")
    command_line.print_answer({"mode": options.mode, **figures}, files, start)


if __name__ == "__main__":
    main()
