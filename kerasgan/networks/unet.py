"""Generators from one image to another of the same size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from kerasgan.arguments import fraction, one_of, positive_integer, shape
from kerasgan.networks._initializers import initializer_factory
from kerasgan.networks._stages import default_filters, halving_stages, kernel_size, stage_filters
from kerasgan.precision import full_precision


def unet(
    condition_shape: Sequence[int],
    sample_channels: int,
    latent_shape: int | Sequence[int] | None = None,
    filters: int | None = None,
    normalization: str | None = None,
    dropout: float = 0.0,
    output_activation: Any = "tanh",
    kernel_initializer: Any = "he_normal",
    name: str | None = "generator",
) -> keras.Model:
    """Builds a U-Net: an image in, another image of the same height and width out.

    Convolutions with stride 2 and kernel 4 halve the image and double the channels; on the way back
    every stage is enlarged and joined with what the way down had at that size, so that edges need
    not pass the bottleneck. A latent point joins there, as a map of its own: what the condition
    leaves open.

    References: [Ronneberger et al., 2015](https://arxiv.org/abs/1505.04597);
    [Isola et al., 2017](https://arxiv.org/abs/1611.07004), section 3.2.1. Enlarging by repetition
    before a convolution leaves no checkerboard pattern (Odena et al., 2016).

    Args:
        condition_shape: `(height, width, channels)` of the image that goes in.
        sample_channels: Positive integer, channels of the image that comes out.
        latent_shape: Shape of a latent point without the batch, an integer for a vector; the inputs
            are then `[latent, condition]`, as a `ConditionalGAN` has them. `None` makes a model of
            the condition alone. Defaults to `None`.
        filters: Channels at full size; each halving of the image has twice as many, up to 8 times.
            `None` takes 32 for images up to 16 pixels high and wide, and 64 for larger ones.
            Defaults to `None`.
        normalization: `"batch"`, behind all convolutions but the first and the last, or `None`.
            Defaults to `None`.
        dropout: Rate of dropout on the way back, in `[0, 1)`. Defaults to `0.0`.
        output_activation: Activation of the samples. Defaults to `"tanh"`, for data in `[-1, 1]`.
        kernel_initializer: Initializer of all weights. Defaults to `"he_normal"`.
        name: Name of the model. Defaults to `"generator"`.

    Returns:
        A functional `keras.Model`.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> generator = unet((8, 8, 1), sample_channels=3, latent_shape=16, filters=4)
    >>> generator.input_shape, generator.output_shape
    ([(None, 16), (None, 8, 8, 1)], (None, 8, 8, 3))
    """
    height, width, channels = shape("condition_shape", condition_shape, rank=3)
    sample_channels = positive_integer("sample_channels", sample_channels)
    one_of("normalization", normalization, [None, "batch"])
    dropout = fraction("dropout", dropout)
    filters = default_filters(filters, height, width)
    stages = halving_stages(height, width)
    initializer = initializer_factory(kernel_initializer)

    def convolution(x: Any, stage: int, kernel: Any, strides: Any = 1, batch: bool = True) -> Any:
        batch = batch and normalization == "batch"
        x = layers.Conv2D(
            stage_filters(filters, stage),
            kernel,
            strides=strides,
            padding="same",
            use_bias=not batch,
            kernel_initializer=initializer(),
        )(x)
        if batch:
            x = layers.BatchNormalization()(x)
        return layers.LeakyReLU(negative_slope=0.2)(x)

    inputs: Any = keras.Input((height, width, channels), name="condition")
    kept = [convolution(inputs, 0, 3, batch=False)]
    for index, (_, strides) in enumerate(stages[1:], start=1):
        kept.append(convolution(kept[-1], index, kernel_size(strides), strides))
    x = kept.pop()
    if latent_shape is not None:
        latent = keras.Input(shape("latent_shape", latent_shape), name="latent")
        size = (*stages[-1][0], filters)
        z = layers.Flatten()(latent)
        z = layers.Dense(math.prod(size), kernel_initializer=initializer())(z)
        x = layers.Concatenate()([x, layers.Reshape(size)(z)])
        inputs = [latent, inputs]
    for index in range(len(stages) - 1, 0, -1):
        x = layers.UpSampling2D(stages[index][1])(x)
        rows, columns = stages[index - 1][0]
        surplus = (x.shape[1] - rows, x.shape[2] - columns)
        if any(surplus):
            x = layers.Cropping2D(tuple((0, cut) for cut in surplus))(x)
        x = convolution(layers.Concatenate()([x, kept.pop()]), index - 1, 3)
        if dropout:
            x = layers.Dropout(dropout)(x)
    x = layers.Conv2D(sample_channels, 3, padding="same", kernel_initializer=initializer())(x)
    outputs = layers.Activation(
        output_activation or "linear", dtype=full_precision(), name="sample"
    )(x)
    return keras.Model(inputs, outputs, name=name)
