"""Minibatch standard deviation."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerasgan.arguments import positive_integer, positive_number
from kerasgan.precision import full_precision


@keras.saving.register_keras_serializable(package="kerasgan")
class MinibatchStandardDeviation(keras.layers.Layer):
    """Appends a feature that tells how much the examples of a minibatch differ.

    If a generator always makes the same sample, a discriminator that sees one sample at a time cannot notice
    it. With this layer it can. The layer computes the standard deviation of every feature at every position
    over a group of examples. It averages them to one number for each group, and appends this number as one
    more channel. Put it near the end of a discriminator.

    The layer does the same in training and in inference. So a score depends on the other examples of its
    minibatch. The statistics are computed in float32.

    Reference: [Karras et al., 2018](https://arxiv.org/abs/1710.10196), section 3.

    Args:
        group_size: The size of a group, a positive integer. A minibatch of `B` examples is split into
            `max(B // group_size, 1)` groups. Their sizes differ by at most one, so any batch size works.
            `None` makes the whole minibatch one group. Defaults to 4, as in the paper.
        epsilon: A positive number that is added to the variance. Without it, the gradient would be infinite
            for a group of equal examples. Defaults to 1e-8.
        **kwargs: `name`, `dtype` and the other arguments of `keras.layers.Layer`.

    Input shape:
        `(batch, ..., channels)`, of rank 2 or more.

    Output shape:
        `(batch, ..., channels + 1)`.

    Raises:
        ValueError: If `group_size` or `epsilon` is out of range.

    Example:

    >>> layer = kerasgan.layers.MinibatchStandardDeviation(group_size=None)
    >>> layer(keras.ops.array([[1.0], [3.0]])).numpy().round(3).tolist()
    [[1.0, 1.0], [3.0, 1.0]]
    """

    def __init__(self, group_size: int | None = 4, epsilon: float = 1e-8, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if group_size is not None:
            group_size = positive_integer("group_size", group_size, "a positive integer or None")
        self.group_size = group_size
        self.epsilon = positive_number("epsilon", epsilon)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Checks the rank of the inputs. The layer has no weights."""
        if len(input_shape) < 2:
            raise ValueError(
                "Invalid shape for argument `inputs`. Expected (batch, ..., channels). "
                f"Received: inputs.shape={tuple(input_shape)}"
            )

    def call(self, inputs: Any) -> Any:
        """Returns the inputs with the feature appended to their last axis."""
        x = ops.cast(inputs, full_precision())
        batch_size = ops.shape(x)[0]
        # A (batch, batch) matrix says which examples share a group. The paper reshapes instead. That would
        # fail on a batch that the number of groups does not divide, such as the last one.
        index = ops.arange(batch_size)
        if self.group_size is not None:
            index = ops.mod(index, ops.maximum(batch_size // self.group_size, 1))
        else:
            index = ops.zeros_like(index)
        same_group = ops.cast(index[:, None] == index[None, :], full_precision())
        average = same_group / ops.sum(same_group, axis=1, keepdims=True)
        flat = ops.reshape(x, (batch_size, -1))
        variance = ops.matmul(average, ops.square(flat - ops.matmul(average, flat)))
        deviation = ops.mean(ops.sqrt(variance + self.epsilon), axis=1)
        deviation = ops.reshape(deviation, (-1,) + (1,) * (len(inputs.shape) - 1))
        feature = ops.cast(deviation * ops.ones_like(x[..., :1]), inputs.dtype)
        return ops.concatenate([inputs, feature], axis=-1)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the shape of the inputs with one more channel."""
        channels = input_shape[-1]
        return (*input_shape[:-1], None if channels is None else channels + 1)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal layer."""
        config = {"group_size": self.group_size, "epsilon": self.epsilon}
        return {**super().get_config(), **config}
