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
    """Builds a U-Net: from one image to another image of the same height and width.

    Convolutions with stride 2 and kernel size 4 halve the image and double the number of channels. On the way
    back, every stage is enlarged and joined with the features of the same size from the way down. So edges
    need not pass through the bottleneck. A latent sample can be joined at the bottleneck, as a map of its
    own. It decides what the condition leaves open.

    On the way back, the image is enlarged by repetition before a convolution. This leaves no checkerboard
    pattern (Odena et al. 2016).

    References: [Ronneberger et al., 2015](https://arxiv.org/abs/1505.04597);
    [Isola et al., 2017](https://arxiv.org/abs/1611.07004), section 3.2.1.

    Args:
        condition_shape: `(height, width, channels)` of the input image.
        sample_channels: The number of channels of the output image, a positive integer.
        latent_shape: The shape of a latent sample, without the batch axis. An integer `n` means `(n,)`. The
            inputs are then `[latent, condition]`, as for a `ConditionalGAN`. Defaults to `None`: a model of
            the condition alone.
        filters: The number of channels at full size, a positive integer. It doubles with each halving of the
            image, up to 8 times `filters`. `None` means 32 for images of up to 16×16 pixels, and 64 for
            larger ones. Defaults to `None`.
        normalization: `"batch"`, for batch normalization after all convolutions but the first and the last,
            or `None`. Defaults to `None`.
        dropout: The rate of dropout on the way back, in `[0, 1)`. Defaults to 0.0.
        output_activation: The activation of the samples. Defaults to `"tanh"`, for data in `[-1, 1]`.
        kernel_initializer: The initializer of the kernels. Defaults to `"he_normal"`.
        name: The name of the model. Defaults to `"generator"`.

    Returns:
        A functional `keras.Model`.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> generator = kerasgan.networks.unet((8, 8, 1), sample_channels=3, latent_shape=16, filters=4)
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
