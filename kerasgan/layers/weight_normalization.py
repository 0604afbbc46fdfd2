from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

from kerasgan.precision import full_precision


@keras.saving.register_keras_serializable(package="kerasgan")
class WeightNormalization(keras.layers.Wrapper):
    """Weight normalization of a linear layer.

    The weights of each unit are `g v / ||v||`. So their length `g` is learned separately from their direction
    `v`. The layer is linear, so the factor `g / ||v||` is applied to its outputs. Then a bias is added.

    `initialize` sets the lengths and the biases from a batch of data: the outputs of each unit then have mean
    0 and variance 1 (section 3 of the paper). `initialize_from_data` does this for a whole network.

    Reference: [Salimans & Kingma, 2016](https://arxiv.org/abs/1602.07868).

    Args:
        layer: A layer that is linear in its `kernel`, such as `keras.layers.Dense` or a convolution. The last
            axis of the kernel counts the units. Make it with `use_bias=False` and without an activation.
        trainable_scale: Whether `g` is trained. If not, it stays as it was initialized. Defaults to `True`.
        **kwargs: `name`, `dtype` and the other arguments of `keras.layers.Layer`.

    Raises:
        ValueError: If the layer has a bias, an activation, or no kernel.

    Example:

    >>> dense = keras.layers.Dense(2, use_bias=False)
    >>> layer = kerasgan.layers.WeightNormalization(dense)
    >>> layer.build((None, 2))
    >>> dense.set_weights([np.array([[3.0, 0.0], [4.0, 0.5]])])
    >>> np.asarray(layer(np.array([[1.0, 1.0]]))).round(3).tolist()
    [[1.4, 1.0]]
    """

    def __init__(
        self, layer: keras.layers.Layer, trainable_scale: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(layer, **kwargs)
        linear = getattr(layer, "activation", None) in (None, keras.activations.linear)
        if getattr(layer, "use_bias", True) or not linear:
            raise ValueError(
                "Invalid value for argument `layer`. Expected a layer with a kernel, made with "
                f"`use_bias=False` and without an activation. Received: {layer!r}"
            )
        self.trainable_scale = trainable_scale

    def build(self, input_shape: Any = None) -> None:
        """Makes the weights: those of the layer, and a length and a bias for each unit."""
        super().build(input_shape)
        units = (self.layer.kernel.shape[-1],)
        self.scale = self.add_weight(
            shape=units, initializer="ones", trainable=self.trainable_scale, name="scale"
        )
        self.bias = self.add_weight(shape=units, initializer="zeros", name="bias")

    def call(self, inputs: Any) -> Any:
        """Returns the outputs of the layer with normalized weights, plus the bias."""
        outputs = self.layer(inputs)
        return outputs * ops.cast(self._factor(), outputs.dtype) + ops.cast(
            self.bias, outputs.dtype
        )

    def initialize(self, inputs: Any) -> None:
        """Sets lengths and biases so that each unit's outputs have mean 0 and variance 1 on a batch.

        Args:
            inputs: A batch of the inputs of this layer, `(batch, ...)`.

        Raises:
            ValueError: If each unit has only one output, whose variance is 0.
        """
        outputs = ops.cast(self.layer(inputs), full_precision()) * self._factor()
        if math.prod(outputs.shape[:-1]) < 2:
            raise ValueError(
                "Invalid value for argument `samples`. Expected two outputs or more of each unit, because "
                f"the variance of one is 0. Received: outputs of shape {tuple(outputs.shape)}"
            )
        mean, variance = ops.moments(outputs, axes=tuple(range(len(outputs.shape) - 1)))
        deviation = ops.sqrt(variance + keras.config.epsilon())
        self.scale.assign(self.scale / deviation)
        self.bias.assign(-mean / deviation)

    def _factor(self) -> Any:
        # In float32 under mixed precision too: a unit with many inputs sums many terms.
        kernel = ops.convert_to_tensor(self.layer.kernel)
        squares = ops.square(ops.cast(kernel, full_precision()))
        length = ops.sqrt(ops.sum(squares, axis=tuple(range(len(kernel.shape) - 1))))
        return ops.cast(self.scale, full_precision()) / length

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Returns the shape of the layer's outputs."""
        return self.layer.compute_output_shape(input_shape)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal layer."""
        return {**super().get_config(), "trainable_scale": self.trainable_scale}


def initialize_from_data(model: keras.Model, samples: Any) -> None:
    """Initializes every `WeightNormalization` of a network from a batch of data, layer by layer.

    On this batch, the outputs of each unit before its activation then have mean 0 and variance 1, at any
    depth. Noise and dropout are active, as in training.

    Args:
        model: A Sequential or functional model.
        samples: A batch of the model's inputs.

    Raises:
        ValueError: If the model has no such layer at its top level, or if the batch has only one row.

    Example:

    >>> dense = keras.layers.Dense(3, use_bias=False)
    >>> model = keras.Sequential([keras.Input((2,)), kerasgan.layers.WeightNormalization(dense)])
    >>> x = np.random.default_rng(0).normal(5.0, 3.0, (64, 2))
    >>> kerasgan.layers.initialize_from_data(model, x)
    >>> np.asarray(model(x)).std(axis=0).round(2).tolist()
    [1.0, 1.0, 1.0]
    """
    normalized = [layer for layer in model.layers if isinstance(layer, WeightNormalization)]
    if not normalized:
        raise ValueError(
            "Invalid value for argument `model`. Expected a model with `WeightNormalization` layers. "
            f"Received: {model.name!r} with layers {[layer.name for layer in model.layers]}"
        )
    # Not a list of one input: the model takes a tensor.
    inputs = model.inputs[0] if len(model.inputs) == 1 else model.inputs
    for layer in normalized:
        layer.initialize(keras.Model(inputs, layer.input)(samples, training=True))
