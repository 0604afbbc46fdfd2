"""Minibatch standard deviation."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerasgan.arguments import positive_integer, positive_number
from kerasgan.precision import full_precision


@keras.saving.register_keras_serializable(package="kerasgan")
class MinibatchStandardDeviation(keras.layers.Layer):
    """Appends one feature that tells how much the examples of a minibatch differ.

    A discriminator that looks at one example at a time cannot see that a generator always draws the
    same sample. This layer shows it: the standard deviation of every feature at every position over
    a group of examples, averaged to one number per group, is appended as one more channel. It goes
    near the end of a discriminator.

    The layer is the same in training and in inference: a score depends on the other examples of its
    minibatch. The statistics are computed in float32.

    Reference: [Karras et al., 2018](https://arxiv.org/abs/1710.10196), section 3.

    Args:
        group_size: Positive integer or `None`. A minibatch of `B` examples is split into
            `max(B // group_size, 1)` groups of equal size, give or take one another, so that any
            batch size works. `None` makes the whole minibatch one group. Defaults to `4`, the value
            of the paper.
        epsilon: Positive number, added to the variance: without it the gradient at a group of
            identical examples would be infinite. Defaults to `1e-8`.
        **kwargs: Arguments of `keras.layers.Layer`, such as `name` and `dtype`.

    Raises:
        ValueError: If `group_size` or `epsilon` is out of range.

    Input shape:
        `(batch, ..., channels)`, of rank 2 or more.

    Output shape:
        `(batch, ..., channels + 1)`.

    Example:

    >>> layer = MinibatchStandardDeviation(group_size=None)
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
        """Checks the rank of the inputs; the layer has no weights."""
        if len(input_shape) < 2:
            raise ValueError(
                "Invalid shape for argument `inputs`. Expected (batch, ..., channels). "
                f"Received: inputs.shape={tuple(input_shape)}"
            )

    def call(self, inputs: Any) -> Any:
        """Returns the inputs with the feature appended to their last axis."""
        x = ops.cast(inputs, full_precision())
        batch_size = ops.shape(x)[0]
        # Products with a (batch, batch) matrix of group memberships, because the number of groups
        # need not divide the batch: a reshape, as in the paper, would fail on the last minibatch.
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
        """Returns the arguments that make this layer again."""
        config = {"group_size": self.group_size, "epsilon": self.epsilon}
        return {**super().get_config(), **config}
