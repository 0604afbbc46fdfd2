"""Trains a GAN of two multi-layer perceptrons on images, with one of two classic recipes.

`--recipe keras`: the generator turns 100 numbers into 256, 512 and 1,024 units (LeakyReLU, batch
normalization), and these into an image in [-1, 1]. The discriminator has 512 and 256 units. Adam(2e-4,
beta_1=0.5), batches of 32, 30,000 steps. A grid of 5×5 images is drawn every 200 steps.

`--recipe paper`, after Goodfellow et al. 2014: each network has one hidden layer of 512 ReLU units. The noise
is 256 normally distributed numbers, images are in [0, 1], and weights start with a standard deviation of
0.01. Adam(2e-4), batches of 100, 100 epochs. A row of 10 images is drawn before the first epoch and after
every tenth one.

In both recipes, the discriminator ends in a sigmoid. The loss is computed from the input of the sigmoid, so
it never takes the logarithm of zero. Images may have any size:

    python examples/mnist_mlp.py
    python examples/mnist_mlp.py --recipe paper --data mnist
    python examples/mnist_mlp.py --data mnist.npz --epochs 5
    python examples/mnist_mlp.py --data folder_of_images
"""

from __future__ import annotations

import math
import time

import command_line
import keras
from keras import layers

import kerasgan

BATCH_SIZE = {"keras": 32, "paper": 100}
# The pixels are in the range of the generator's last activation.
NORMALIZATION = {"keras": "tanh", "paper": "min_max"}


def keras_recipe(sample_shape: tuple[int, ...]) -> kerasgan.GAN:
    """Returns the MLP GAN of many Keras tutorials."""
    generator = keras.Sequential([keras.Input((100,))], name="generator")
    for units in (256, 512, 1024):
        generator.add(layers.Dense(units))
        generator.add(layers.LeakyReLU(negative_slope=0.2))
        generator.add(layers.BatchNormalization(momentum=0.8))
    generator.add(layers.Dense(math.prod(sample_shape), activation="tanh"))
    generator.add(layers.Reshape(sample_shape))

    discriminator = keras.Sequential([keras.Input(sample_shape)], name="discriminator")
    discriminator.add(layers.Flatten())
    for units in (512, 256):
        discriminator.add(layers.Dense(units))
        discriminator.add(layers.LeakyReLU(negative_slope=0.2))
    discriminator.add(layers.Dense(1, activation="sigmoid"))

    gan = kerasgan.GAN(generator, discriminator)
    gan.compile(
        generator_optimizer=keras.optimizers.Adam(2e-4, beta_1=0.5),
        discriminator_optimizer=keras.optimizers.Adam(2e-4, beta_1=0.5),
    )
    return gan


def paper_recipe(sample_shape: tuple[int, ...]) -> kerasgan.GAN:
    """Returns the MLP GAN that is closest to that of the first paper."""

    def network(name: str, inputs: tuple[int, ...], outputs: tuple[int, ...]) -> keras.Model:
        return kerasgan.networks.mlp(
            inputs,
            [512],
            outputs,
            activation="relu",
            output_activation="sigmoid",
            kernel_initializer=keras.initializers.RandomNormal(stddev=0.01),
            name=name,
        )

    gan = kerasgan.GAN(
        network("generator", (256,), sample_shape), network("discriminator", sample_shape, (1,))
    )
    gan.compile(
        generator_optimizer=keras.optimizers.Adam(2e-4),
        discriminator_optimizer=keras.optimizers.Adam(2e-4),
    )
    return gan


def main() -> None:
    """Trains and draws."""
    parser = command_line.make_parser(__doc__)
    parser.add_argument(
        "--recipe", choices=list(BATCH_SIZE), default="keras", help="see above (default: keras)"
    )
    parser.add_argument(
        "--data",
        default="digits",
        metavar="digits|mnist|fashion_mnist|FILE.npz|FOLDER",
        help="images to learn from (default: digits, which need no download)",
    )
    parser.add_argument("--epochs", type=int, help="number of epochs (default: that of the recipe)")
    command_line.add_common_options(
        parser,
        toy="256 images",
        output="outputs/mnist_mlp",
        output_help="folder of the pictures and the model",
    )
    options = parser.parse_args()
    toy, batch_size = options.size == "toy", BATCH_SIZE[options.recipe]
    with command_line.errors_of(parser, f"--data {options.data}"):
        data = kerasgan.datasets.load(options.data, normalization=NORMALIZATION[options.recipe])
        if not data.images:
            raise ValueError("these are not images")
        if toy:
            data = data.take(min(256, len(data)))
        if len(data) < batch_size:
            raise ValueError(f"{len(data)} images do not fill a batch of {batch_size}")
    command_line.require_positive(parser, epochs=options.epochs)

    keras.utils.set_random_seed(options.seed)
    folder = options.output / options.recipe
    if options.recipe == "keras":
        gan = keras_recipe(data.sample_shape)
        epochs = 30_000 // (len(data) // batch_size)
        grids = kerasgan.callbacks.SampleGrid(
            folder / "samples",
            rows=5,
            columns=5,
            every_batches=10 if toy else 200,
            file_name="{index:04d}.png",
            at_begin=True,
        )
    else:
        gan = paper_recipe(data.sample_shape)
        epochs = 100
        grids = kerasgan.callbacks.SampleGrid(
            folder / "samples",
            rows=1,
            columns=10,
            every_epochs=1 if toy else 10,
            file_name="{epoch:03d}.png",
            at_begin=True,
        )
    gan.normalization = data.normalization
    epochs = options.epochs or (3 if toy else epochs)

    start = time.perf_counter()
    gan.generator.summary()
    gan.discriminator.summary()
    model = folder / "gan.keras"
    backup = command_line.backup_of_run(folder, options)
    callbacks = [grids, backup]
    with command_line.saved_when_stopped(gan, model):
        history = gan.fit(data.x, batch_size=batch_size, epochs=epochs, callbacks=callbacks).history
    gan.save(model)

    print(f"\nPictures: {grids.directory.resolve()}\nModel: {model.resolve()}")
    names = ("discriminator_loss", "generator_loss", "real_probability", "fake_probability")
    answer = {
        "recipe": options.recipe,
        "images": len(data),
        "epochs": epochs,
        "discriminator_parameters": gan.discriminator.count_params(),
        **{name: round(history[name][-1], 4) for name in names},
    }
    command_line.print_answer(answer, [*grids.paths, model], start)


if __name__ == "__main__":
    main()
