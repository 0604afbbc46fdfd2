from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerasgan.arguments import non_negative_number, positive_number
from kerasgan.precision import full_precision


@keras.saving.register_keras_serializable(package="kerasgan")
class ClusterHeads(keras.layers.Layer):
    """Puts each cluster at a learned place: `y W + z` (Makhzani et al. 2015, section 7).

    Of class probabilities `y` and a style `z` it makes one code, in as few dimensions as `z` has: the place
    of the cluster, a row of `W`, and where in it. Two rows that are nearer to each other than `distance` cost
    `weight * (distance - ||w_i - w_j||)`, which keeps the clusters apart. It stands at the start of a
    decoder; called on what an encoder gives, it makes codes to draw.

    Args:
        distance: From where on two clusters are far enough from each other. Defaults to 3.0.
        weight: The factor of what nearness costs, not negative. Defaults to 1.0.
        **kwargs: Those of `keras.layers.Layer`.

    Input shape: `[(batch, classes), (batch, units)]`. Output shape: `(batch, units)`.

    Raises:
        ValueError: If `distance` is not positive, or `weight` negative.

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
        """Returns the codes, and adds what nearness costs to the layer's losses."""
        category, style = inputs
        self.add_loss(self.weight * self._nearness())
        return ops.matmul(category, ops.cast(self.heads, category.dtype)) + style

    def _nearness(self) -> Any:
        heads = ops.cast(self.heads, full_precision())
        squares = ops.sum(ops.square(heads[:, None] - heads[None]), axis=-1)
        # The square root has no gradient at 0, where a head meets itself.
        distances = ops.sqrt(ops.maximum(squares, keras.config.epsilon()))
        near = ops.relu(self.distance - distances)
        return ops.sum(ops.triu(near, k=1))

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Returns the shape of the codes."""
        return tuple(input_shape[1])

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal layer."""
        return {**super().get_config(), "distance": self.distance, "weight": self.weight}
