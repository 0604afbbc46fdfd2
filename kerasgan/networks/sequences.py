"""Generators, discriminators and auto-encoders of sequences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from kerasgan.arguments import fraction, invalid, one_of, positive_integer, shape
from kerasgan.backend import leave_cudnn
from kerasgan.networks._initializers import initializer_factory
from kerasgan.networks.auto_encoder import AutoEncoder
from kerasgan.precision import full_precision

SHORTEST = 8


def lstm_generator(
    latent_shape: int | Sequence[int],
    sample_shape: Sequence[int],
    units: int | Sequence[int] = 32,
    output_activation: Any = None,
    unroll: bool = False,
    name: str | None = "generator",
) -> keras.Model:
    """Builds a recurrent generator of sequences.

    LSTM layers run over a sequence of latent vectors. At each step, a dense layer makes the values of the
    sample from the state. The gradient of every step reaches the layers.

    Args:
        latent_shape: `(length, size)` of a sequence of latent vectors: new noise at each step. Or an integer
            or `(size,)`: then every step sees the same latent vector, as in a decoder.
        sample_shape: `(length, dimensions)` of a sample.
        units: The size of the LSTM layer, or a list of the sizes of several layers. Defaults to 32.
        output_activation: The activation of the samples. Defaults to `None`: linear.
        unroll: Whether to unroll the loop over the steps. This is faster for short sequences, and slower to
            compile. Defaults to `False`.
        name: The name of the model. Defaults to `"generator"`.

    Returns:
        A functional `keras.Model`.

    Raises:
        ValueError: If an argument is out of range, or if the latent sequence and the sample differ in length.

    Example:

    >>> generator = kerasgan.networks.lstm_generator(latent_shape=(30, 5), sample_shape=(30, 2))
    >>> generator.output_shape
    (None, 30, 2)
    >>> generator = kerasgan.networks.lstm_generator(8, sample_shape=(30, 2), units=[16, 16])
    >>> generator.input_shape
    (None, 8)
    """
    latents_shape = shape("latent_shape", latent_shape)
    length, dimensions = shape("sample_shape", sample_shape, rank=2)
    if len(latents_shape) not in (1, 2) or latents_shape[:-1] not in ((), (length,)):
        expected = f"(size,), or (length, size) with the sample's length of {length}"
        raise invalid("latent_shape", latent_shape, expected)
    inputs = keras.Input(latents_shape, name="latent")
    x = inputs if len(latents_shape) == 2 else layers.RepeatVector(length)(inputs)
    for size in _sizes(units):
        x = layers.LSTM(size, return_sequences=True, unroll=unroll)(x)
    x = layers.Dense(dimensions)(x)
    outputs = layers.Activation(
        output_activation or "linear", dtype=full_precision(), name="sample"
    )(x)
    return keras.Model(inputs, outputs, name=name)


def lstm_discriminator(
    sample_shape: Sequence[int],
    units: int | Sequence[int] = 32,
    output_size: int = 1,
    bidirectional: bool = False,
    dropout: float = 0.0,
    unroll: bool = False,
    name: str | None = "discriminator",
) -> keras.Model:
    """Builds a recurrent discriminator of sequences.

    LSTM layers read the sequence. A linear unit on the last state gives the score, a logit. The layers have
    `use_cudnn=False`, because gradient penalties need second derivatives, and cuDNN has none.

    Args:
        sample_shape: `(length, dimensions)` of a sample.
        units: The size of the LSTM layer, or a list of the sizes of several layers. Defaults to 32.
        output_size: The number of outputs: 1 for a score, or the size of a code for an encoder. Defaults to
            1.
        bidirectional: Whether each layer reads the sequence in both directions. Defaults to `False`.
        dropout: The rate of dropout on the last state, in `[0, 1)`. Defaults to 0.0.
        unroll: Whether to unroll the loop over the steps. This is faster for short sequences, and slower to
            compile. Defaults to `False`.
        name: The name of the model. Defaults to `"discriminator"`.

    Returns:
        A functional `keras.Model` whose output has the shape `(batch, output_size)`.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> kerasgan.networks.lstm_discriminator(sample_shape=(30, 5)).output_shape
    (None, 1)
    """
    inputs = keras.Input(shape("sample_shape", sample_shape, rank=2), name="sample")
    sizes = _sizes(units)
    rate = fraction("dropout", dropout)
    x = inputs
    for index, size in enumerate(sizes):
        layer = layers.LSTM(size, return_sequences=index < len(sizes) - 1, unroll=unroll)
        x = layers.Bidirectional(layer)(x) if bidirectional else layer(x)
    if rate:
        x = layers.Dropout(rate)(x)
    score = layers.Dense(positive_integer("output_size", output_size))(x)
    outputs = layers.Activation("linear", dtype=full_precision(), name="score")(score)
    return _twice_differentiable(keras.Model(inputs, outputs, name=name))


def convolutional_sequence_discriminator(
    sample_shape: Sequence[int],
    filters: int = 32,
    normalization: str | None = None,
    dropout: float = 0.0,
    kernel_initializer: Any = "he_normal",
    kernel_constraint: Any = None,
    name: str | None = "discriminator",
) -> keras.Model:
    """Builds a convolutional discriminator of sequences.

    One-dimensional convolutions with stride 2 and kernel size 4 halve the sequence and double the number of
    channels, until it is shorter than 8 steps. A linear unit on the flat features gives the score, a logit.

    Args:
        sample_shape: `(length, dimensions)` of a sample.
        filters: The number of channels after the first convolution, a positive integer. Defaults to 32.
        normalization: `"spectral"`, for a `keras.layers.SpectralNormalization` around every layer, or `None`.
            Defaults to `None`.
        dropout: The rate of dropout on the features, in `[0, 1)`. Defaults to 0.0.
        kernel_initializer: The initializer of the kernels. Defaults to `"he_normal"`.
        kernel_constraint: A constraint of all weights but biases, such as
            `kerasgan.constraints.WeightClipping`. Defaults to `None`.
        name: The name of the model. Defaults to `"discriminator"`.

    Returns:
        A functional `keras.Model` whose output has the shape `(batch, 1)`.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> kerasgan.networks.convolutional_sequence_discriminator(sample_shape=(30, 5)).output_shape
    (None, 1)
    """
    length, dimensions = shape("sample_shape", sample_shape, rank=2)
    channels = positive_integer("filters", filters)
    one_of("normalization", normalization, [None, "spectral"])
    rate = fraction("dropout", dropout)
    initializer = initializer_factory(kernel_initializer)

    def apply(kind: type[keras.layers.Layer], x: Any, *sizes: int, **options: Any) -> Any:
        layer = kind(
            *sizes,
            kernel_initializer=initializer(),
            kernel_constraint=kernel_constraint,
            **options,
        )
        return (layers.SpectralNormalization(layer) if normalization == "spectral" else layer)(x)

    inputs = keras.Input((length, dimensions), name="sample")
    x = inputs
    while True:
        x = apply(layers.Conv1D, x, channels, 4, strides=2, padding="same")
        x = layers.LeakyReLU(negative_slope=0.2)(x)
        if x.shape[1] < SHORTEST:
            break
        channels *= 2
    x = layers.Flatten()(x)
    if rate:
        x = layers.Dropout(rate)(x)
    score = apply(layers.Dense, x, 1)
    outputs = layers.Activation("linear", dtype=full_precision(), name="score")(score)
    return keras.Model(inputs, outputs, name=name)


def lstm_auto_encoder(
    sample_shape: Sequence[int],
    code_size: int,
    units: int | Sequence[int] = 32,
    output_activation: Any = None,
    unroll: bool = False,
    name: str | None = "auto_encoder",
) -> AutoEncoder:
    """Builds a recurrent auto-encoder: from a sequence to a code and back.

    Use it as the discriminator of an `EBGAN`. Or give its `encoder` and its `decoder` to an
    `AdversarialAutoEncoder`. Like the layers of `lstm_discriminator`, its layers do not use cuDNN.

    Args:
        sample_shape: `(length, dimensions)` of a sample.
        code_size: The length of a code, a positive integer.
        units: The size of the LSTM layer of the encoder, or a list of the sizes of several layers. The
            decoder has the same sizes in reverse order. Defaults to 32.
        output_activation: The activation of the reconstruction. Defaults to `None`: linear.
        unroll: Whether to unroll the loop over the steps. This is faster for short sequences, and slower to
            compile. Defaults to `False`.
        name: The name of the model. Defaults to `"auto_encoder"`.

    Returns:
        A `kerasgan.networks.AutoEncoder` of two functional models.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> auto_encoder = kerasgan.networks.lstm_auto_encoder(sample_shape=(30, 5), code_size=4)
    >>> auto_encoder.encoder.output_shape, auto_encoder.decoder.output_shape
    ((None, 4), (None, 30, 5))
    """
    sizes = _sizes(units)
    code_size = positive_integer("code_size", code_size)
    encoder = lstm_discriminator(
        sample_shape, sizes, output_size=code_size, unroll=unroll, name="encoder"
    )
    decoder = lstm_generator(
        code_size, sample_shape, sizes[::-1], output_activation, unroll, name="decoder"
    )
    return AutoEncoder(encoder, _twice_differentiable(decoder), name=name)


def _twice_differentiable(model: keras.Model) -> keras.Model:
    leave_cudnn(model)
    return model


def _sizes(units: int | Sequence[int]) -> list[int]:
    sizes = list(units) if isinstance(units, (tuple, list)) else [units]
    if not sizes:
        raise invalid("units", units, "a positive integer, or a list of them")
    return [positive_integer("units", size) for size in sizes]
