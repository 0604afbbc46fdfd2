"""Convolutional generators and discriminators for images of any size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from kerasgan.arguments import fraction, one_of, positive_integer, shape
from kerasgan.networks._class_embedding import class_embedding
from kerasgan.networks._initializers import initializer_factory
from kerasgan.networks._inputs import flat_inputs
from kerasgan.networks._stages import default_filters, halving_stages, kernel_size, stage_filters
from kerasgan.precision import full_precision


def dcgan_generator(
    latent_shape: int | Sequence[int],
    sample_shape: Sequence[int],
    filters: int | None = None,
    number_of_classes: int | None = None,
    normalization: str | None = "batch",
    output_activation: Any = "tanh",
    kernel_initializer: Any = "he_normal",
    name: str | None = "generator",
) -> keras.Model:
    """Builds a convolutional generator for images of any height, width and number of channels.

    A dense layer makes a small image with many channels. Transposed convolutions with stride 2 and kernel
    size 4 double it until it has the size of a sample. Each halves the number of channels. If a size is odd,
    the last row or column is cut off. A last convolution makes the channels of the sample.

    Reference: [Radford et al., 2016](https://arxiv.org/abs/1511.06434), section 3. The paper has kernels of
    size 5. Size 4 is a multiple of the stride, and leaves no checkerboard pattern.

    Args:
        latent_shape: The shape of a latent sample, without the batch axis. An integer `n` means `(n,)`.
        sample_shape: `(height, width, channels)` of a sample.
        filters: The number of channels at full size, a positive integer. It doubles with each halving of the
            image, up to 8 times `filters`. `None` means 32 for images of up to 16×16 pixels, and 64 for
            larger ones. Defaults to `None`.
        number_of_classes: The number of classes, for a conditional generator with the inputs
            `[latent, label]`. An embedding of the integer label is appended to the latent sample. Defaults to
            `None`: no labels.
        normalization: `"batch"` or `None`. Defaults to `"batch"`.
        output_activation: The activation of the samples. Defaults to `"tanh"`, for data in `[-1, 1]`.
        kernel_initializer: The initializer of the kernels. Defaults to `"he_normal"`. The paper uses a normal
            distribution with a standard deviation of 0.02. In small networks, it makes the signals tiny. On
            8×8 digits, `"he_normal"` gave more varied samples.
        name: The name of the model. Defaults to `"generator"`.

    Returns:
        A functional `keras.Model`.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> generator = kerasgan.networks.dcgan_generator(latent_shape=64, sample_shape=(8, 8, 1))
    >>> generator.input_shape, generator.output_shape
    ((None, 64), (None, 8, 8, 1))
    """
    latents_shape = shape("latent_shape", latent_shape)
    height, width, channels = shape("sample_shape", sample_shape, rank=3)
    one_of("normalization", normalization, [None, "batch"])
    filters = default_filters(filters, height, width)
    stages = halving_stages(height, width)
    initializer = initializer_factory(kernel_initializer)

    def activate(x: Any) -> Any:
        if normalization == "batch":
            x = layers.BatchNormalization()(x)
        return layers.ReLU()(x)

    inputs, x = flat_inputs("latent", latents_shape, number_of_classes)
    (rows, columns), _ = stages[-1]
    smallest = (rows, columns, stage_filters(filters, len(stages) - 1))
    x = layers.Dense(math.prod(smallest), use_bias=False, kernel_initializer=initializer())(x)
    x = activate(layers.Reshape(smallest)(x))
    for index in range(len(stages) - 1, 0, -1):
        (rows, columns), strides = stages[index]
        (larger_rows, larger_columns), _ = stages[index - 1]
        x = layers.Conv2DTranspose(
            stage_filters(filters, index - 1),
            kernel_size=kernel_size(strides),
            strides=strides,
            padding="same",
            use_bias=normalization != "batch",
            kernel_initializer=initializer(),
        )(x)
        surplus = (rows * strides[0] - larger_rows, columns * strides[1] - larger_columns)
        if any(surplus):
            x = layers.Cropping2D(tuple((0, cut) for cut in surplus))(x)
        x = activate(x)
    x = layers.Conv2D(channels, 3, padding="same", kernel_initializer=initializer())(x)
    outputs = layers.Activation(
        output_activation or "linear", dtype=full_precision(), name="sample"
    )(x)
    return keras.Model(inputs, outputs, name=name)


def dcgan_discriminator(
    sample_shape: Sequence[int],
    filters: int | None = None,
    number_of_classes: int | None = None,
    normalization: str | None = None,
    dropout: float = 0.0,
    kernel_initializer: Any = "he_normal",
    kernel_constraint: Any = None,
    name: str | None = "discriminator",
) -> keras.Model:
    """Builds a convolutional discriminator for images of any height, width and number of channels.

    Convolutions with stride 2 and kernel size 4 halve the image and double the number of channels. A linear
    unit on the flat features gives the score, a logit.

    By default there is no batch normalization. With it, the score of an example depends on the other examples
    of the batch, and a gradient penalty does not allow for that
    ([Gulrajani et al., 2017](https://arxiv.org/abs/1704.00028), section 4).

    References: [Radford et al., 2016](https://arxiv.org/abs/1511.06434), section 3; for the projection,
    [Miyato and Koyama, 2018](https://arxiv.org/abs/1802.05637), equation 4.

    Args:
        sample_shape: `(height, width, channels)` of a sample.
        filters: The number of channels after the first convolution, a positive integer. It doubles with each
            halving of the image, up to 8 times `filters`. `None` means 32 for images of up to 16×16 pixels,
            and 64 for larger ones. Defaults to `None`.
        number_of_classes: The number of classes, for a conditional discriminator with the inputs
            `[sample, label]`. The inner product of the features and an embedding of the integer label is
            added to the score (a projection). Defaults to `None`: no labels.
        normalization: `None`; `"batch"`, after all convolutions but the first; or `"spectral"`, for a
            `keras.layers.SpectralNormalization` around every layer with weights. Defaults to `None`.
        dropout: The rate of dropout on the features, in `[0, 1)`. Defaults to 0.0.
        kernel_initializer: The initializer of the kernels. Defaults to `"he_normal"`. The paper uses a normal
            distribution with a standard deviation of 0.02. In small networks, it makes the signals tiny. On
            8×8 digits, `"he_normal"` gave more varied samples.
        kernel_constraint: A constraint of all weights but biases, such as
            `kerasgan.constraints.WeightClipping`. Defaults to `None`.
        name: The name of the model. Defaults to `"discriminator"`.

    Returns:
        A functional `keras.Model` whose output has the shape `(batch, 1)`.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> discriminator = kerasgan.networks.dcgan_discriminator(sample_shape=(28, 28, 1))
    >>> discriminator.output_shape
    (None, 1)
    """
    height, width, channels = shape("sample_shape", sample_shape, rank=3)
    one_of("normalization", normalization, [None, "batch", "spectral"])
    dropout = fraction("dropout", dropout)
    filters = default_filters(filters, height, width)
    initializer = initializer_factory(kernel_initializer)
    spectral = normalization == "spectral"

    def wrapped(layer: keras.layers.Layer) -> keras.layers.Layer:
        return layers.SpectralNormalization(layer) if spectral else layer

    inputs: Any = keras.Input((height, width, channels), name="sample")
    x = inputs
    for index, (_, strides) in enumerate(halving_stages(height, width)[1:]):
        batch = normalization == "batch" and index > 0
        convolution = layers.Conv2D(
            stage_filters(filters, index),
            kernel_size=kernel_size(strides),
            strides=strides,
            padding="same",
            use_bias=not batch,
            kernel_initializer=initializer(),
            kernel_constraint=kernel_constraint,
        )
        x = wrapped(convolution)(x)
        if batch:
            x = layers.BatchNormalization()(x)
        x = layers.LeakyReLU(negative_slope=0.2)(x)
    x = layers.Flatten()(x)
    if dropout:
        x = layers.Dropout(dropout)(x)
    unit = layers.Dense(1, kernel_initializer=initializer(), kernel_constraint=kernel_constraint)
    score = wrapped(unit)(x)
    if number_of_classes is not None:
        count = positive_integer("number_of_classes", number_of_classes)
        label = keras.Input((), dtype="int32", name="label")
        embedding = class_embedding(
            label, count, x.shape[-1], initializer(), kernel_constraint, spectral
        )
        score = layers.Add()([score, layers.Dot(axes=1)([x, embedding])])
        inputs = [inputs, label]
    outputs = layers.Activation("linear", dtype=full_precision(), name="score")(score)
    return keras.Model(inputs, outputs, name=name)
