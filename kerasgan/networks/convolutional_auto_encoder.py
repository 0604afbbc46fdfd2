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

    As it is, it is a discriminator of an `EBGAN`; its `encoder` and `decoder` are those of an
    `AdversarialAutoEncoder`.

    Args:
        sample_shape: As in `convolutional_encoder`.
        code_size: As in `convolutional_encoder`.
        filters: As in `convolutional_encoder`. Defaults to `None`.
        normalization: As in `convolutional_encoder`, for both. Defaults to `None`.
        output_activation: As in `convolutional_decoder`. Defaults to `"tanh"`.
        noise: As in `convolutional_encoder`. Defaults to `0.0`.
        kernel_initializer: Initializer of all weights. Defaults to `"he_normal"`.
        name: Name of the model. Defaults to `"auto_encoder"`.

    Returns:
        A `kerasgan.networks.AutoEncoder`.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> model = convolutional_auto_encoder((10, 12, 3), code_size=4, filters=2)
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
    """Builds an encoder of images of any height, width and number of channels.

    The convolutions are those of `dcgan_discriminator`: stride 2 and kernel 4, halving the image and
    doubling the channels. A dense layer makes the code, linear, so that it can follow any prior.

    Args:
        sample_shape: `(height, width, channels)` of a sample.
        code_size: Positive integer, the length of a code; twice as long for a
            `kerasgan.layers.GaussianSampling` behind it.
        filters: Channels after the first convolution; each halving of the image has twice as many,
            up to 8 times. `None` takes 32 for images up to 16 pixels high and wide, and 64 for
            larger ones. Defaults to `None`.
        normalization: `"batch"`, on all convolutions but the first, or `None`. Defaults to `None`.
        noise: Standard deviation of the Gaussian noise that is added to samples in training, which
            makes a denoising auto-encoder. Defaults to `0.0`.
        kernel_initializer: Initializer of all weights. Defaults to `"he_normal"`.
        name: Name of the model. Defaults to `"encoder"`.

    Returns:
        A functional `keras.Model`.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> convolutional_encoder((100, 100, 3), code_size=16, filters=4).output_shape
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
    """Builds a decoder into images of any height, width and number of channels.

    It is a `dcgan_generator` of codes.

    Args:
        code_size: Positive integer, the length of a code.
        sample_shape: `(height, width, channels)` of a sample.
        filters: Channels at full size; otherwise as in `convolutional_encoder`. Defaults to `None`.
        normalization: `"batch"` or `None`. Defaults to `None`.
        output_activation: Activation of the samples. Defaults to `"tanh"`, for data in `[-1, 1]`.
        kernel_initializer: Initializer of all weights. Defaults to `"he_normal"`.
        name: Name of the model. Defaults to `"decoder"`.

    Returns:
        A functional `keras.Model`.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> convolutional_decoder(16, (100, 100, 3), filters=4).output_shape
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
