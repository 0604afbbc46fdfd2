"""A discriminator that judges every patch of an image by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from kerasgan.arguments import invalid, one_of, positive_integer, shape
from kerasgan.networks._initializers import initializer_factory
from kerasgan.networks._stages import default_filters, stage_filters
from kerasgan.precision import full_precision


def patch_discriminator(
    sample_shape: Sequence[int],
    condition_shape: Sequence[int] | None = None,
    filters: int | None = None,
    halvings: int = 2,
    normalization: str | None = None,
    kernel_initializer: Any = "he_normal",
    kernel_constraint: Any = None,
    name: str | None = "discriminator",
) -> keras.Model:
    """Builds a discriminator with a score for each patch of an image, with or without a condition image.

    The sample and the condition image are joined along their channels. Convolutions with stride 2 and kernel
    size 4 halve them. Two convolutions with kernel size 3 make a map of scores, which are logits. One score
    sees a patch of `7 * 2**halvings - 2` pixels (12, 26, 54, …). So the discriminator judges only texture and
    edges, and has few weights for images of any size.

    Gradient penalties take the gradient of the sum of all scores. Start with a weight of `10 / scores**2` for
    `R1` and `R2`.

    Reference: [Isola et al., 2017](https://arxiv.org/abs/1611.07004), section 3.2.2.

    Args:
        sample_shape: `(height, width, channels)` of a sample.
        condition_shape: `(height, width, channels)` of a condition image, for the inputs
            `[sample, condition]`. The image may be smaller than the sample, if its height and width divide
            those of the sample. It is then enlarged by repetition. Defaults to `None`: a discriminator of
            samples alone.
        filters: The number of channels after the first convolution, a positive integer. It doubles with each
            further halving, up to 8 times `filters`. `None` means 32 for images of up to 16×16 pixels, and 64
            for larger ones. Defaults to `None`.
        halvings: How often the image is halved, a positive integer. This sets the size of the patches.
            Defaults to 2.
        normalization: `None`; `"batch"`, after all convolutions but the first and the last; or `"spectral"`,
            for a `keras.layers.SpectralNormalization` around every convolution. Defaults to `None`.
        kernel_initializer: The initializer of the kernels. Defaults to `"he_normal"`.
        kernel_constraint: A constraint of all weights but biases, such as
            `kerasgan.constraints.WeightClipping`. Defaults to `None`.
        name: The name of the model. Defaults to `"discriminator"`.

    Returns:
        A functional `keras.Model` whose output has the shape `(batch, rows, columns, 1)`.

    Raises:
        ValueError: If an argument is out of range, or the condition cannot be enlarged to the size of the
            sample.

    Example:

    >>> discriminator = kerasgan.networks.patch_discriminator(
    ...     (32, 32, 3), condition_shape=(8, 8, 3), filters=4
    ... )
    >>> discriminator.output_shape
    (None, 8, 8, 1)
    """
    height, width, channels = shape("sample_shape", sample_shape, rank=3)
    halvings = positive_integer("halvings", halvings)
    one_of("normalization", normalization, [None, "batch", "spectral"])
    filters = default_filters(filters, height, width)
    initializer = initializer_factory(kernel_initializer)

    def convolution(x: Any, count: int, kernel: int, strides: int = 1, batch: bool = False) -> Any:
        layer = layers.Conv2D(
            count,
            kernel,
            strides=strides,
            padding="same",
            use_bias=not batch,
            kernel_initializer=initializer(),
            kernel_constraint=kernel_constraint,
        )
        x = (layers.SpectralNormalization(layer) if normalization == "spectral" else layer)(x)
        return layers.BatchNormalization()(x) if batch else x

    inputs: Any = keras.Input((height, width, channels), name="sample")
    x = inputs
    if condition_shape is not None:
        rows, columns, condition_channels = shape("condition_shape", condition_shape, rank=3)
        if height % rows or width % columns:
            expected = f"sides that divide those of the samples, ({height}, {width})"
            raise invalid("condition_shape", condition_shape, expected)
        condition = keras.Input((rows, columns, condition_channels), name="condition")
        factor = (height // rows, width // columns)
        enlarged = condition if factor == (1, 1) else layers.UpSampling2D(factor)(condition)
        x = layers.Concatenate()([x, enlarged])
        inputs = [inputs, condition]
    for index in range(halvings):
        batch = normalization == "batch" and index > 0
        x = convolution(x, stage_filters(filters, index), 4, strides=2, batch=batch)
        x = layers.LeakyReLU(negative_slope=0.2)(x)
    x = convolution(x, stage_filters(filters, halvings), 3, batch=normalization == "batch")
    x = convolution(layers.LeakyReLU(negative_slope=0.2)(x), 1, 3)
    outputs = layers.Activation("linear", dtype=full_precision(), name="score")(x)
    return keras.Model(inputs, outputs, name=name)
