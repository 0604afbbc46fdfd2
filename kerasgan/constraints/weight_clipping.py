"""Weight clipping."""

from __future__ import annotations

from typing import Any

import keras

from kerasgan.arguments import positive_number


@keras.saving.register_keras_serializable(package="kerasgan")
class WeightClipping(keras.constraints.Constraint):
    """Clips weights to `[-limit, limit]`.

    The critic of a Wasserstein GAN must be Lipschitz continuous. The original paper ensures this by clipping
    the critic's weights after every update. Give this constraint to the layers of the critic as
    `kernel_constraint`. The optimizer applies it after each update. The paper clips biases too. To do the
    same, also give it as `bias_constraint`. A bias does not change the Lipschitz constant.

    Reference: [Arjovsky et al., 2017](https://arxiv.org/abs/1701.07875), Algorithm 1, line 7.

    Args:
        limit: The largest absolute value of a weight, a positive number. Defaults to 0.01, the value of the
            paper.

    Raises:
        ValueError: If `limit` is not a positive, finite number.

    Example:

    >>> constraint = kerasgan.constraints.WeightClipping(limit=0.5)
    >>> [float(weight) for weight in constraint(keras.ops.array([-2.0, 0.25, 1.0]))]
    [-0.5, 0.25, 0.5]
    """

    def __init__(self, limit: float = 0.01) -> None:
        self.limit = positive_number("limit", limit)

    def __call__(self, w: Any) -> Any:
        """Returns the weights, clipped.

        Args:
            w: Weights, a tensor or variable of any shape.

        Returns:
            A tensor of the same shape and dtype.
        """
        return keras.ops.clip(w, -self.limit, self.limit)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal constraint."""
        return {"limit": self.limit}
