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
    """Builds an ensemble of convolutional discriminators of sequences, each for windows of one length.

    Each discriminator cuts its window at a random position of every sequence. In inference it cuts from the
    middle (`kerasgan.layers.RandomWindow`). Convolutions with stride 2 halve the window and double the number
    of channels until it is shorter than 4 steps. A linear unit judges how real the window is. With
    conditions, each window gets a second score: the first one plus the inner product of the features and the
    encoded condition (a projection). The game averages all scores.

    Reference: [Binkowski et al., 2020](https://arxiv.org/abs/1909.11646), section 3.2. In the paper, two
    networks judge a window, and one of them sees the condition. Here both share their convolutions, which
    halves the work.

    Args:
        sample_shape: `(length, dimensions)` of a sample.
        windows: The lengths of the windows, positive integers of at most the length of a sample.
        condition_encoder: A `keras.Model` with one input, from conditions to vectors, such as a
            `kerasgan.networks.text_encoder`. Defaults to `None`: a discriminator without conditions.
        filters: The number of channels after the first convolution, a positive integer. Defaults to 32.
        kernel_initializer: The initializer of the kernels of convolutions and scores. Defaults to
            `"he_normal"`.
        name: The name of the model. Defaults to `"discriminator"`.

    Returns:
        A functional `keras.Model` whose output has the shape `(batch, scores)`: one score for each window.
        With conditions, one more score for each window follows.

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
