"""Finds the classes of digits with few labels or without labels (Makhzani et al. 2015, sections 5 to 7).

    python examples/variations/semi_supervised_auto_encoder.py
    python examples/variations/semi_supervised_auto_encoder.py --labels 0 --epochs 300

The code of an adversarial auto-encoder is a category and a style. `--labels` training images have labels,
equally many of each class. They decide which category is which. For comparison, the encoder is also trained
on these images alone.

With `--labels 0`, the model clusters the images. Each category gets the label of the test image that belongs
to it with the highest probability. For comparison, the images are also clustered by k-means. A cluster of
k-means gets the label of the image nearest to its center.

The picture has a column for each category. It shows what the decoder draws of this category in eight styles.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import keras
import numpy as np
from keras import layers

import kerasgan
from kerasgan import SemiSupervisedAdversarialAutoEncoder as Model

sys.path.append(str(Path(__file__).resolve().parents[1]))  # where `command_line.py` is
import command_line

with command_line.extra("examples"):
    from sklearn.cluster import KMeans

BATCH_SIZE, UNITS, STYLE, PICTURE = 100, 256, 3, "semi_supervised_auto_encoder.png"


def encoder(pixels: int, categories: int, style: int, moved: bool = False) -> keras.Model:
    """Returns a model from images to logits and a style.

    With `moved`, images are turned and shifted a little in training.
    """
    x = inputs = keras.Input((pixels,))
    if moved:
        x = layers.Reshape((round(pixels**0.5), -1, 1))(x)
        x = layers.RandomRotation(0.03, fill_mode="constant")(x)
        x = layers.Flatten()(layers.RandomTranslation(0.05, 0.05, fill_mode="constant")(x))
    x = layers.GaussianNoise(0.2)(x)
    for _ in range(2):
        x = layers.Dense(UNITS, use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    return keras.Model(inputs, [layers.Dense(categories)(x), layers.Dense(style)(x)])


def decoder(pixels: int, categories: int, style: int, without: float) -> keras.Model:
    """Returns a model from a category and a style to images.

    In training, the style is left out for a share `without` of the images.
    """
    inputs = [keras.Input((categories,)), keras.Input((style,))]
    sometimes = layers.Dropout(without, noise_shape=(None, 1))(inputs[1])
    x = layers.Dense(UNITS, "relu")(layers.Concatenate()([inputs[0], sometimes]))
    x = layers.Dense(UNITS, "relu")(x)
    return keras.Model(inputs, layers.Dense(pixels, "sigmoid")(x))


def discriminator(size: int) -> keras.Model:
    """Returns a discriminator. Its noise hides that categories are never exactly one-hot."""
    hidden = [layers.GaussianNoise(0.3), *(layers.Dense(UNITS // 2, "relu") for _ in range(2))]
    return keras.Sequential([keras.Input((size,)), *hidden, layers.Dense(1)])


def adam(steps: int) -> keras.optimizers.Optimizer:
    """Returns Adam whose learning rate falls to zero over the given number of steps."""
    return keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(1e-3, steps), beta_1=0.5)


def train(x: np.ndarray, y: np.ndarray, categories: int, epochs: int, seed: int) -> Model:
    """Trains and returns the model."""
    sizes = x.shape[1], categories, STYLE
    labeled = bool((y >= 0).any())
    # Without labels, a category must tell as much as possible, and must not depend on turns and shifts.
    parts = encoder(*sizes, moved=not labeled), decoder(*sizes, 0.0 if labeled else 0.5)
    model = Model(*parts, *map(discriminator, sizes[1:]))
    if labeled:
        data = kerasgan.datasets.partially_labeled(x, y, BATCH_SIZE, labeled=20, seed=seed)
    else:
        data = kerasgan.datasets.Dataset(x).batches(BATCH_SIZE, seed=seed)
        data = data.map(lambda images: (images, [-1] * BATCH_SIZE))
    optimizers = {f"{turn.name}_optimizer": adam(epochs * len(data)) for turn in model.turns()}
    model.compile(**optimizers, reconstruction_loss="binary_crossentropy", steps_per_execution=10)
    model.fit(data, epochs=epochs, verbose=2)
    return model


def labels_alone(x: np.ndarray, y: np.ndarray, x_test: np.ndarray) -> np.ndarray:
    """Trains an encoder on labeled images alone. Returns the labels that it gives to test images."""
    both = encoder(x.shape[1], 10, 1)
    net = keras.Model(both.inputs, both.outputs[0])
    net.compile(adam(1000), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    batches = kerasgan.datasets.Dataset(x, y).batches(min(BATCH_SIZE, len(x)), seed=0)
    net.fit(batches.repeat(), steps_per_epoch=1000, shuffle=False, verbose=0)
    return net.predict(x_test, verbose=0).argmax(axis=1)


def main() -> None:
    """Trains, counts errors and draws."""
    parser = command_line.make_parser(__doc__)
    parser.add_argument(
        "--data", default="digits", metavar="digits|mnist|FILE.npz", help="default: digits"
    )
    parser.add_argument(
        "--labels", type=int, default=50, help="number of labels, or 0 (default: 50)"
    )
    parser.add_argument(
        "--categories", type=int, default=30, help="categories if there are no labels (default: 30)"
    )
    parser.add_argument("--epochs", type=int, default=150, help="number of epochs (default: 150)")
    command_line.add_common_options(parser, output="outputs/semi_supervised_auto_encoder")
    options = parser.parse_args()
    command_line.require_positive(parser, epochs=options.epochs)
    with command_line.errors_of(parser, f"--data {options.data}, --labels {options.labels}"):
        data = command_line.load_with_test_images(
            options.data, test_fraction=0.25, normalization="min_max"
        )
        if data.y is None or data.x_test is None or data.number_of_classes != 10:
            raise ValueError("images of ten classes and labeled test images are needed")
        y = np.full(len(data), -1)
        if options.labels:
            y = kerasgan.datasets.keep_labels(data.y, options.labels // 10, options.seed)

    start = time.perf_counter()
    keras.utils.set_random_seed(options.seed)
    x, x_test = (each.reshape(len(each), -1) for each in (data.x, data.x_test))
    categories = 10 if options.labels else options.categories
    model = train(x, y, categories, options.epochs, options.seed)
    predicted = model.classify(x_test).argmax(axis=1)
    if options.labels:
        baseline, rival = labels_alone(x[y >= 0], y[y >= 0], x_test), "labels alone"
    else:
        predicted = model.cluster_labels(x_test, data.y_test)[predicted]
        clusters = KMeans(categories, n_init=10, random_state=options.seed).fit(x)
        distances = clusters.transform(x_test)
        names, rival = np.asarray(data.y_test)[distances.argmin(axis=0)], "k-means"
        baseline = names[distances.argmin(axis=1)]

    wrong, of_rival = (int((each != data.y_test).sum()) for each in (predicted, baseline))
    drawn = model.generate(8 * categories, condition=np.tile(np.arange(categories), 8), seed=0)
    drawn = drawn.reshape(-1, *data.sample_shape)
    grid = kerasgan.callbacks.image_grid(drawn, rows=8, value_range=(0, 1))
    picture = kerasgan.callbacks.save_image(grid, options.output / PICTURE)
    print(f"\nErrors on {len(x_test):,} test images: {wrong} ({rival}: {of_rival})")
    answer = {"seed": options.seed, "epochs": options.epochs, "labels": options.labels}
    answer |= {"categories": categories, "errors": wrong, "rival": rival}
    command_line.print_answer({**answer, "errors_of_rival": of_rival}, [picture], start)


if __name__ == "__main__":
    main()
