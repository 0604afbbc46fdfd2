"""Generators from a small image to a larger one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from kerasgan.arguments import invalid, positive_integer, shape
from kerasgan.networks._initializers import initializer_factory
from kerasgan.precision import full_precision


def super_resolution_generator(
    condition_shape: Sequence[int],
    factor: int = 4,
    latent_channels: int | None = None,
    filters: int = 32,
    blocks: int = 4,
    kernel_initializer: Any = "he_normal",
    name: str | None = "generator",
) -> keras.Model:
    """Builds a residual network that enlarges an image.

    Residual blocks work at the small size, where they cost little. Then the image is doubled by repetition,
    and a convolution follows each doubling. The result is added to a bilinear enlargement of the condition.
    So the network only makes what that enlargement lacks. Noise can be added as more channels of the small
    image.

    References: [Ledig et al., 2017](https://arxiv.org/abs/1609.04802), section 2.1.1; without batch
    normalization, as in [Lim et al., 2017](https://arxiv.org/abs/1707.02921).

    Args:
        condition_shape: `(height, width, channels)` of the small image.
        factor: How many times as high and as wide the samples are: a power of two, at least 2. Defaults to 4.
        latent_channels: The number of channels of noise. The inputs are then `[latent, condition]`, as for a
            `ConditionalGAN`, and a latent sample has the height and width of the condition. Defaults to
            `None`: a model of the condition alone.
        filters: The number of channels of the hidden layers, a positive integer. Defaults to 32.
        blocks: The number of residual blocks, a positive integer. Defaults to 4.
        kernel_initializer: The initializer of the kernels of hidden layers. Defaults to `"he_normal"`.
        name: The name of the model. Defaults to `"generator"`.

    Returns:
        A functional `keras.Model` without an activation at its end. Before training, it is the bilinear
        enlargement.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> generator = kerasgan.networks.super_resolution_generator(
    ...     (6, 8, 3), latent_channels=1, filters=4, blocks=1
    ... )
    >>> generator.input_shape, generator.output_shape
    ([(None, 6, 8, 1), (None, 6, 8, 3)], (None, 24, 32, 3))
    """
    height, width, channels = shape("condition_shape", condition_shape, rank=3)
    factor = positive_integer("factor", factor)
    if factor < 2 or factor & (factor - 1):
        raise invalid("factor", factor, "a power of two, at least 2")
    filters = positive_integer("filters", filters)
    blocks = positive_integer("blocks", blocks)
    initializer = initializer_factory(kernel_initializer)

    def convolution(x: Any, activation: str | None = "relu") -> Any:
        return layers.Conv2D(
            filters, 3, padding="same", activation=activation, kernel_initializer=initializer()
        )(x)

    condition = keras.Input((height, width, channels), name="condition")
    inputs, x = condition, condition
    if latent_channels is not None:
        latent_channels = positive_integer("latent_channels", latent_channels)
        latent = keras.Input((height, width, latent_channels), name="latent")
        inputs, x = [latent, condition], layers.Concatenate()([latent, condition])
    x = convolution(x)
    for _ in range(blocks):
        x = layers.Add()([x, convolution(convolution(x), activation=None)])
    for _ in range(factor.bit_length() - 1):
        x = convolution(layers.UpSampling2D(2)(x))
    detail = layers.Conv2D(channels, 3, padding="same", kernel_initializer="zeros")(x)
    enlarged = layers.UpSampling2D(factor, interpolation="bilinear")(condition)
    # float32 under mixed precision, as Keras advises for outputs.
    outputs = layers.Add(dtype=full_precision(), name="sample")([enlarged, detail])
    return keras.Model(inputs, outputs, name=name)
