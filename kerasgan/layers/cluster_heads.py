from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerasgan.arguments import non_negative_number, positive_number
from kerasgan.precision import full_precision


@keras.saving.register_keras_serializable(package="kerasgan")
class ClusterHeads(keras.layers.Layer):
    """Gives each cluster a learned place: `y W + z`.

    The layer makes one code from class probabilities `y` and a style `z`. The code has as many dimensions as
    `z`. A row of `W` is the place of a cluster, its head. The style is added to it. To keep the clusters
    apart, two rows that are nearer to each other than `distance` add `weight * (distance - ||w_i - w_j||)` to
    the loss.

    Put the layer at the start of a decoder. To draw codes, call the layer on the outputs of the encoder.

    Reference: [Makhzani et al., 2015](https://arxiv.org/abs/1511.05644), section 7.

    Args:
        distance: The distance from which two clusters are far enough apart, a positive number. Defaults to
            3.0.
        weight: The factor of the loss, a number that is not negative. Defaults to 1.0.
        **kwargs: `name`, `dtype` and the other arguments of `keras.layers.Layer`.

    Input shape:
        `[(batch, classes), (batch, units)]`.

    Output shape:
        `(batch, units)`.

    Raises:
        ValueError: If `distance` is not positive, or `weight` is negative.

    Example:

    >>> layer = kerasgan.layers.ClusterHeads(distance=5.0)
    >>> layer.build([(None, 2), (None, 1)])
    >>> layer.set_weights([np.array([[1.0], [4.0]])])
    >>> np.asarray(layer([np.array([[0.0, 1.0]]), np.array([[0.5]])])).tolist()
    [[4.5]]
    >>> [float(loss) for loss in layer.losses]
    [2.0]
    """

    def __init__(self, distance: float = 3.0, weight: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.distance = positive_number("distance", distance)
        self.weight = non_negative_number("weight", weight)

    def build(self, input_shape: Any) -> None:
        """Makes the places of the clusters."""
        (_, classes), (_, units) = input_shape
        self.heads = self.add_weight(
            shape=(classes, units),
            initializer=keras.initializers.RandomNormal(stddev=self.distance),
            name="heads",
        )

    def call(self, inputs: Any) -> Any:
        """Returns the codes, and adds the loss of heads that are too near to each other."""
        category, style = inputs
        self.add_loss(self.weight * self._nearness())
        return ops.matmul(category, ops.cast(self.heads, category.dtype)) + style

    def _nearness(self) -> Any:
        heads = ops.cast(self.heads, full_precision())
        squares = ops.sum(ops.square(heads[:, None] - heads[None]), axis=-1)
        # The distance of a head from itself is 0, and the square root has no finite gradient at 0.
        distances = ops.sqrt(ops.maximum(squares, keras.config.epsilon()))
        near = ops.relu(self.distance - distances)
        return ops.sum(ops.triu(near, k=1))

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Returns the shape of the codes."""
        return tuple(input_shape[1])

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal layer."""
        return {**super().get_config(), "distance": self.distance, "weight": self.weight}
