"""A discriminator that judges windows of sequences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from kerasgan.arguments import invalid, positive_integer, shape
from kerasgan.layers import RandomWindow
from kerasgan.networks._initializers import initializer_factory
from kerasgan.precision import full_precision

SHORTEST = 4


def random_window_discriminator(
    sample_shape: Sequence[int],
    windows: Sequence[int],
    condition_encoder: keras.Model | None = None,
    filters: int = 32,
    kernel_initializer: Any = "he_normal",
    name: str | None = "discriminator",
) -> keras.Model:
    """Builds an ensemble of convolutional discriminators, each of windows of one length.

    Each cuts its window at a random place of every sequence, and from the middle in inference
    (`kerasgan.layers.RandomWindow`). Convolutions with stride 2 halve the window and double the channels
    until it is shorter than 4 steps. A linear unit judges how real the window is by itself; with conditions,
    a second score of the same features adds the inner product with the encoded condition (a projection).
    The core averages the scores.

    Reference: [Binkowski et al., 2020](https://arxiv.org/abs/1909.11646), section 3.2. There a window is
    judged by two networks, one of which sees the condition. Here these share their convolutions, for half of
    the work.

    Args:
        sample_shape: `(length, dimensions)` of a sample.
        windows: The lengths of the windows, each up to the sample's length.
        condition_encoder: Any `keras.Model` with one input, from conditions to vectors, such as a
            `kerasgan.networks.text_encoder`. Defaults to `None`, a discriminator without conditions.
        filters: Channels after the first convolution. Defaults to `32`.
        kernel_initializer: Initializer of the weights of convolutions and scores. Defaults to
            `"he_normal"`.
        name: Name of the model. Defaults to `"discriminator"`.

    Returns:
        A functional `keras.Model` whose output has the shape `(batch, scores)`: one score for each window,
        followed, with conditions, by one more for each.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> discriminator = kerasgan.networks.random_window_discriminator((40, 16), windows=[8, 16, 40])
    >>> discriminator.output_shape
    (None, 3)
    """
    length, dimensions = shape("sample_shape", sample_shape, rank=2)
    sizes = [positive_integer("windows", size) for size in windows]
    if not sizes or max(sizes) > length:
        raise invalid("windows", windows, f"one or several lengths up to the sample's {length}")
    channels = positive_integer("filters", filters)
    initializer = initializer_factory(kernel_initializer)

    sample = keras.Input((length, dimensions), name="sample")
    features = [_features(RandomWindow(size)(sample), channels, initializer) for size in sizes]
    scores = [layers.Dense(1, kernel_initializer=initializer())(x) for x in features]
    inputs = sample
    if condition_encoder is not None:
        given = condition_encoder.inputs[0]
        condition = keras.Input(given.shape[1:], dtype=given.dtype, name="condition")
        vector = condition_encoder(condition)
        for x, score in zip(features, list(scores), strict=True):
            projected = layers.Dense(x.shape[-1], kernel_initializer=initializer())(vector)
            scores.append(layers.Add()([score, layers.Dot(axes=1)([x, projected])]))
        inputs = [sample, condition]
    joined = layers.Concatenate()(scores) if len(scores) > 1 else scores[0]
    outputs = layers.Activation("linear", dtype=full_precision(), name="score")(joined)
    return keras.Model(inputs, outputs, name=name)


def _features(x: Any, channels: int, initializer: Any) -> Any:
    while True:
        convolution = layers.Conv1D(channels, 4, 2, "same", kernel_initializer=initializer())
        x = layers.LeakyReLU(negative_slope=0.2)(convolution(x))
        if x.shape[1] < SHORTEST:
            return layers.Flatten()(x)
        channels *= 2
