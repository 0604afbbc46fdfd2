from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgan.arguments import (
    check_resolution,
    invalid,
    non_negative_integer,
    one_of,
    positive_integer,
)
from kerasgan.metrics.extractors import ModelFeatures
from kerasgan.metrics.statistics_file import digest

_HELD_OUT = 0.1


def classifier_features(
    x: Any,
    y: Any,
    size: int = 64,
    epochs: int = 5,
    batch_size: int = 64,
    seed: int = 0,
    output: str = "features",
) -> ModelFeatures:
    """Trains a small classifier on labeled samples, and returns its last hidden layer as features.

    For images, `(height, width, channels)`, the classifier begins with two strided convolutions. For samples
    of any other shape, it begins with a dense layer. A dense layer of `size` follows, and then the classes.
    It is trained with Adam on nine tenths of the samples. Its recipe has the accuracy on the other tenth, the
    seed and a digest of the data. You find the recipe in the `provenance` of a metric. The same arguments
    make the same classifier.

    Distances of its features show how a classifier of these data sees samples. Do not compare them with
    distances of InceptionV3, or of a classifier with another recipe.

    Args:
        x: Samples, an array. Scale them like the samples of the model.
        y: Their classes, integers from 0.
        size: How many features. Defaults to 64.
        epochs: How many passes over the samples. Defaults to 5.
        batch_size: Samples in a step. Defaults to 64.
        seed: The seed of the initial weights and of the order. Defaults to 0.
        output: `"features"`, or `"probabilities"` of the classes for `InceptionScore`. Defaults to
            `"features"`.

    Returns:
        An extractor for the `features` of a metric.

    Raises:
        ValueError: If an argument is out of range, or samples and classes do not fit.

    Example:

    >>> x, y = np.eye(4).repeat(10, axis=0), np.arange(4).repeat(10)
    >>> features = kerasgan.metrics.classifier_features(x, y, size=8, epochs=1)
    >>> metric = kerasgan.metrics.FrechetDistance(features)
    """
    one_of("output", output, ("features", "probabilities"))
    sizes = {"size": size, "epochs": epochs, "batch_size": batch_size}
    sizes = {name: positive_integer(name, value) for name, value in sizes.items()}
    seed = non_negative_integer("seed", seed)
    x, y = np.asarray(x), np.asarray(y)
    check_resolution("x", x)
    x = x.astype(keras.config.floatx(), copy=False)
    if y.shape != (len(x),) or not np.issubdtype(y.dtype, np.integer) or len(x) < 2 or y.min() < 0:
        raise ValueError(
            f"Invalid value for argument `y`. Expected an integer from 0 for each of {len(x)} samples, at "
            f"least two. Received: shape {y.shape} of {y.dtype}"
        )
    if not np.isfinite(x).all():
        raise invalid("x", "NaN or infinite values", "finite numbers")
    model = _network(x.shape[1:], int(y.max()) + 1, sizes["size"], seed)
    accuracy = _train(model, x, y, sizes["epochs"], sizes["batch_size"], seed)
    recipe = {
        "extractor": "classifier_features",
        **sizes,
        "seed": seed,
        "output": output,
        "samples": len(x),
        "classes": int(y.max()) + 1,
        "data_sha256": digest(x),
        "held_out_accuracy": accuracy,
    }
    outputs = model.get_layer("features").output if output == "features" else model.outputs[0]
    return ModelFeatures(keras.Model(model.inputs[0], outputs, name="classifier"), recipe)


def _network(shape: tuple[int, ...], classes: int, size: int, seed: int) -> keras.Model:
    seeds = iter(range(4 * seed, 4 * seed + 4))

    def options(activation: str, name: str | None = None) -> dict[str, Any]:
        start = keras.initializers.GlorotUniform(seed=next(seeds))
        # Float32 whatever the global policy: the features are to be the same in every run.
        return {
            "activation": activation,
            "kernel_initializer": start,
            "name": name,
            "dtype": "float32",
        }

    layers = keras.layers
    if len(shape) == 3:
        body = [
            layers.Conv2D(32, 3, strides=2, padding="same", **options("relu")),
            layers.Conv2D(64, 3, strides=2, padding="same", **options("relu")),
            layers.Flatten(dtype="float32"),
        ]
    else:
        body = [layers.Flatten(dtype="float32"), layers.Dense(128, **options("relu"))]
    return keras.Sequential(
        [
            keras.Input(shape, dtype="float32"),
            *body,
            layers.Dense(size, **options("relu", "features")),
            layers.Dense(classes, **options("softmax")),
        ]
    )


def _train(
    model: keras.Model, x: np.ndarray, y: np.ndarray, epochs: int, batch_size: int, seed: int
) -> float:
    """Trains, and returns the accuracy on samples that were held out."""
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(x))
    cut = max(1, int(len(x) * _HELD_OUT))
    held_out, rest = order[:cut], order[cut:]
    model.compile("adam", "sparse_categorical_crossentropy")
    for _ in range(epochs):
        rest = generator.permutation(rest)
        model.fit(x[rest], y[rest], batch_size=batch_size, shuffle=False, verbose=0)
    parts = range(0, len(held_out), batch_size)
    found = [model(x[held_out[start : start + batch_size]], training=False) for start in parts]
    classes = np.argmax(np.concatenate([ops.convert_to_numpy(part) for part in found]), axis=1)
    return round(float(np.mean(classes == y[held_out])), 4)
