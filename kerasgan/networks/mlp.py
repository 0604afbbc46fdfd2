"""Multi-layer perceptron."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from kerasgan.arguments import fraction, one_of, positive_integer, shape
from kerasgan.networks._initializers import initializer_factory
from kerasgan.networks._inputs import flat_inputs
from kerasgan.precision import full_precision


def mlp(
    input_shape: int | Sequence[int],
    units: Sequence[int],
    output_shape: int | Sequence[int] = 1,
    activation: Any = "relu",
    output_activation: Any = None,
    normalization: str | None = None,
    dropout: float = 0.0,
    number_of_classes: int | None = None,
    kernel_initializer: Any = "glorot_uniform",
    kernel_constraint: Any = None,
    name: str | None = None,
) -> keras.Model:
    """Builds a multi-layer perceptron from any shape to any shape.

    Use it as a generator (`input_shape` is then the latent shape), as a discriminator (`output_shape=1`), as
    an encoder or as a decoder.

    Args:
        input_shape: The shape of an input, without the batch axis. An integer `n` means `(n,)`.
        units: The sizes of the hidden layers, a list of positive integers. It may be empty.
        output_shape: The shape of an output, without the batch axis. An integer `n` means `(n,)`. Defaults to
            1.
        activation: The activation of the hidden layers, a name or a callable. Defaults to `"relu"`.
        output_activation: The activation of the output. Defaults to `None`: linear, which is right for a
            discriminator.
        normalization: `"batch"`, for batch normalization between each hidden layer and its activation;
            `"spectral"`, for a `keras.layers.SpectralNormalization` around each dense layer of a
            discriminator; or `None`. Defaults to `None`.
        dropout: The rate of dropout after each activation, in `[0, 1)`. Defaults to 0.0.
        number_of_classes: The number of classes, for a conditional network with the inputs `[input, label]`.
            An embedding of the integer label is appended to the flat input. Defaults to `None`: no labels.
        kernel_initializer: The initializer of the kernels. Defaults to `"glorot_uniform"`.
        kernel_constraint: A constraint of the kernels, such as `kerasgan.constraints.WeightClipping`.
            Defaults to `None`.
        name: The name of the model. Defaults to `None`.

    Returns:
        A functional `keras.Model`.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> generator = kerasgan.networks.mlp(100, [256, 512], (28, 28), output_activation="tanh")
    >>> generator.output_shape
    (None, 28, 28)
    >>> discriminator = kerasgan.networks.mlp((28, 28), [512, 256], activation="leaky_relu")
    >>> discriminator.output_shape
    (None, 1)
    """
    inputs_shape = shape("input_shape", input_shape)
    outputs_shape = shape("output_shape", output_shape)
    if not isinstance(units, (tuple, list)):
        raise ValueError(
            "Invalid value for argument `units`. Expected a sequence of positive integers. "
            f"Received: units={units!r}"
        )
    sizes = [positive_integer("units", size) for size in units]
    one_of("normalization", normalization, [None, "batch", "spectral"])
    dropout = fraction("dropout", dropout)
    initializer = initializer_factory(kernel_initializer)

    def dense(x: Any, size: int, **options: Any) -> Any:
        layer: keras.layers.Layer = layers.Dense(
            size,
            kernel_initializer=initializer(),
            kernel_constraint=kernel_constraint,
            **options,
        )
        if normalization == "spectral":
            layer = layers.SpectralNormalization(layer)
        return layer(x)

    inputs, x = flat_inputs("input", inputs_shape, number_of_classes)
    for size in sizes:
        x = dense(x, size, use_bias=normalization != "batch")
        if normalization == "batch":
            x = layers.BatchNormalization()(x)
        x = layers.Activation(activation)(x)
        if dropout:
            x = layers.Dropout(dropout)(x)
    x = dense(x, math.prod(outputs_shape))
    if len(outputs_shape) != 1:
        x = layers.Reshape(outputs_shape)(x)
    # float32 under mixed precision, as Keras advises for outputs.
    outputs = layers.Activation(
        output_activation or "linear", dtype=full_precision(), name="output"
    )(x)
    return keras.Model(inputs, outputs, name=name)
