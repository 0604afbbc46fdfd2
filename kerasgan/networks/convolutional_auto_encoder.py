"""Convolutional encoders and decoders for images of any size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from kerasgan.arguments import non_negative_number, one_of, positive_integer, shape
from kerasgan.networks._initializers import initializer_factory
from kerasgan.networks._stages import default_filters, halving_stages, kernel_size, stage_filters
from kerasgan.networks.auto_encoder import AutoEncoder
from kerasgan.networks.dcgan import dcgan_generator
from kerasgan.precision import full_precision


def convolutional_auto_encoder(
    sample_shape: Sequence[int],
    code_size: int,
    filters: int | None = None,
    normalization: str | None = None,
    output_activation: Any = "tanh",
    noise: float = 0.0,
    kernel_initializer: Any = "he_normal",
    name: str | None = "auto_encoder",
) -> AutoEncoder:
    """Builds a convolutional auto-encoder for images of any height, width and number of channels.

    Use it as the discriminator of an `EBGAN`. Or give its `encoder` and its `decoder` to an
    `AdversarialAutoEncoder`.

    Args:
        sample_shape: `(height, width, channels)` of a sample.
        code_size: The length of a code, a positive integer.
        filters: The number of channels at full size, a positive integer. It doubles with each halving of the
            image, up to 8 times `filters`. `None` means 32 for images of up to 16×16 pixels, and 64 for
            larger ones. Defaults to `None`.
        normalization: `"batch"` or `None`, for the encoder and the decoder, as in `convolutional_encoder`.
            Defaults to `None`.
        output_activation: The activation of the samples. Defaults to `"tanh"`, for data in `[-1, 1]`.
        noise: The standard deviation of the noise that is added to samples in training, as in
            `convolutional_encoder`. Defaults to 0.0.
        kernel_initializer: The initializer of the kernels. Defaults to `"he_normal"`.
        name: The name of the model. Defaults to `"auto_encoder"`.

    Returns:
        A `kerasgan.networks.AutoEncoder`.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> model = kerasgan.networks.convolutional_auto_encoder((10, 12, 3), code_size=4, filters=2)
    >>> model.encoder.output_shape, model.decoder.output_shape
    ((None, 4), (None, 10, 12, 3))
    """
    return AutoEncoder(
        convolutional_encoder(
            sample_shape, code_size, filters, normalization, noise, kernel_initializer
        ),
        convolutional_decoder(
            code_size, sample_shape, filters, normalization, output_activation, kernel_initializer
        ),
        name=name,
    )


def convolutional_encoder(
    sample_shape: Sequence[int],
    code_size: int,
    filters: int | None = None,
    normalization: str | None = None,
    noise: float = 0.0,
    kernel_initializer: Any = "he_normal",
    name: str | None = "encoder",
) -> keras.Model:
    """Builds an encoder for images of any height, width and number of channels.

    It has the convolutions of `dcgan_discriminator`: stride 2 and kernel size 4. Each halves the image and
    doubles the number of channels. A dense layer makes the code. It is linear, so that the code can follow
    any prior.

    Args:
        sample_shape: `(height, width, channels)` of a sample.
        code_size: The length of a code, a positive integer. If a `kerasgan.layers.GaussianSampling` follows,
            give twice the length of its draws.
        filters: The number of channels after the first convolution, a positive integer. It doubles with each
            halving of the image, up to 8 times `filters`. `None` means 32 for images of up to 16×16 pixels,
            and 64 for larger ones. Defaults to `None`.
        normalization: `"batch"`, for batch normalization after all convolutions but the first, or `None`.
            Defaults to `None`.
        noise: The standard deviation of Gaussian noise that is added to samples in training. With noise, this
            is the encoder of a denoising auto-encoder. Defaults to 0.0.
        kernel_initializer: The initializer of the kernels. Defaults to `"he_normal"`.
        name: The name of the model. Defaults to `"encoder"`.

    Returns:
        A functional `keras.Model`.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> encoder = kerasgan.networks.convolutional_encoder((100, 100, 3), code_size=16, filters=4)
    >>> encoder.output_shape
    (None, 16)
    """
    height, width, channels = shape("sample_shape", sample_shape, rank=3)
    code_size = positive_integer("code_size", code_size)
    one_of("normalization", normalization, [None, "batch"])
    noise = non_negative_number("noise", noise)
    filters = default_filters(filters, height, width)
    initializer = initializer_factory(kernel_initializer)

    inputs = keras.Input((height, width, channels), name="sample")
    x = layers.GaussianNoise(noise)(inputs) if noise else inputs
    for index, (_, strides) in enumerate(halving_stages(height, width)[1:]):
        batch = normalization == "batch" and index > 0
        x = layers.Conv2D(
            stage_filters(filters, index),
            kernel_size=kernel_size(strides),
            strides=strides,
            padding="same",
            use_bias=not batch,
            kernel_initializer=initializer(),
        )(x)
        if batch:
            x = layers.BatchNormalization()(x)
        x = layers.LeakyReLU(negative_slope=0.2)(x)
    # float32 under mixed precision, as Keras advises for outputs.
    outputs = layers.Dense(code_size, dtype=full_precision(), name="code")(layers.Flatten()(x))
    return keras.Model(inputs, outputs, name=name)


def convolutional_decoder(
    code_size: int,
    sample_shape: Sequence[int],
    filters: int | None = None,
    normalization: str | None = None,
    output_activation: Any = "tanh",
    kernel_initializer: Any = "he_normal",
    name: str | None = "decoder",
) -> keras.Model:
    """Builds a decoder for images of any height, width and number of channels: a `dcgan_generator` of codes.

    Args:
        code_size: The length of a code, a positive integer.
        sample_shape: `(height, width, channels)` of a sample.
        filters: The number of channels at full size, a positive integer. It doubles with each halving of the
            image, up to 8 times `filters`. `None` means 32 for images of up to 16×16 pixels, and 64 for
            larger ones. Defaults to `None`.
        normalization: `"batch"` or `None`. Defaults to `None`.
        output_activation: The activation of the samples. Defaults to `"tanh"`, for data in `[-1, 1]`.
        kernel_initializer: The initializer of the kernels. Defaults to `"he_normal"`.
        name: The name of the model. Defaults to `"decoder"`.

    Returns:
        A functional `keras.Model`.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> kerasgan.networks.convolutional_decoder(16, (100, 100, 3), filters=4).output_shape
    (None, 100, 100, 3)
    """
    return dcgan_generator(
        positive_integer("code_size", code_size),
        sample_shape,
        filters=filters,
        normalization=normalization,
        output_activation=output_activation,
        kernel_initializer=kernel_initializer,
        name=name,
    )
