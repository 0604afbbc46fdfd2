"""Conditional batch normalization."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerasgan.arguments import fraction, positive_integer, positive_number
from kerasgan.precision import full_precision


@keras.saving.register_keras_serializable(package="kerasgan")
class ConditionalBatchNormalization(keras.layers.Layer):
    """Batch normalization whose scale and offset depend on the class of the example.

    First, a `keras.layers.BatchNormalization` without scale and offset normalizes the inputs. All classes
    share its moving statistics. Then each channel is scaled and shifted by two numbers of the example's
    class. Use this layer to build a conditional generator.

    References: [Dumoulin et al., 2017](https://arxiv.org/abs/1610.07629), equation 5; in GANs,
    [Miyato and Koyama, 2018](https://arxiv.org/abs/1802.05637).

    Args:
        number_of_classes: The number of classes, a positive integer. Labels go from `0` to
            `number_of_classes - 1`.
        momentum: The share of the moving statistics that an update keeps, a number in `[0, 1)`. Defaults to
            0.99.
        epsilon: A positive number that is added to the variance. Defaults to 1e-3.
        **kwargs: `name`, `dtype` and the other arguments of `keras.layers.Layer`.

    Call arguments:
        inputs: A pair `[x, labels]`: features with the channels last, and one integer label for each example.
        training: If `True`, the inputs are normalized by the statistics of the minibatch, and the moving
            statistics are updated. If `False`, the moving statistics are used. Defaults to `None`: as Keras
            decides.

    Input shape:
        `[(batch, ..., channels), (batch,)]`. The labels may also have the shape `(batch, 1)`.

    Output shape:
        `(batch, ..., channels)`.

    Raises:
        ValueError: If an argument is out of range, or the inputs are not such a pair.

    Example:

    >>> layer = kerasgan.layers.ConditionalBatchNormalization(number_of_classes=10)
    >>> x, labels = keras.random.normal((4, 8, 8, 16)), keras.ops.array([0, 3, 3, 9])
    >>> tuple(layer([x, labels], training=True).shape)
    (4, 8, 8, 16)
    """

    def __init__(
        self,
        number_of_classes: int,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.number_of_classes = positive_integer("number_of_classes", number_of_classes)
        self.momentum = fraction("momentum", momentum)
        self.epsilon = positive_number("epsilon", epsilon)
        # In float32 under every policy. The result is cast once, after the scale and the offset.
        self.normalization = keras.layers.BatchNormalization(
            momentum=self.momentum,
            epsilon=self.epsilon,
            center=False,
            scale=False,
            dtype=full_precision(),
            name="normalization",
        )

    def build(self, input_shape: Any) -> None:
        """Makes the weights: a scale and an offset of shape `(number_of_classes, channels)`."""
        if (
            len(input_shape) != 2
            or not all(isinstance(shape, (tuple, list)) for shape in input_shape)
            or len(input_shape[0]) < 2
            or len(input_shape[1]) not in (1, 2)
            or (len(input_shape[1]) == 2 and input_shape[1][1] != 1)
        ):
            raise ValueError(
                "Invalid shape for argument `inputs`. Expected a pair [x, labels] of shapes "
                f"(batch, ..., channels) and (batch,). Received: {input_shape}"
            )
        channels = input_shape[0][-1]
        if channels is None:
            raise ValueError(
                "Invalid shape for argument `inputs`. Expected a known number of channels. "
                f"Received: {input_shape}"
            )
        self.normalization.build(input_shape[0])
        shape = (self.number_of_classes, channels)
        self.scale = self.add_weight(shape=shape, initializer="ones", name="scale", autocast=False)
        self.offset = self.add_weight(
            shape=shape, initializer="zeros", name="offset", autocast=False
        )

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Returns the normalized features, scaled and shifted for each class."""
        x, labels = inputs
        labels = ops.reshape(ops.cast(labels, "int32"), (-1,))
        normalized = self.normalization(x, training=training)
        per_class = (-1,) + (1,) * (len(x.shape) - 2) + (x.shape[-1],)
        scale = ops.reshape(ops.take(self.scale, labels, axis=0), per_class)
        offset = ops.reshape(ops.take(self.offset, labels, axis=0), per_class)
        return ops.cast(normalized * scale + offset, self.compute_dtype)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Returns the shape of the features."""
        return tuple(input_shape[0])

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal layer."""
        config = {
            "number_of_classes": self.number_of_classes,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
        }
        return {**super().get_config(), **config}
