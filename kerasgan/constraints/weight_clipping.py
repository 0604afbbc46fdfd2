"""Weight clipping."""

from __future__ import annotations

from typing import Any

import keras

from kerasgan.arguments import positive_number


@keras.saving.register_keras_serializable(package="kerasgan")
class WeightClipping(keras.constraints.Constraint):
    """Clips weights to `[-limit, limit]`.

    The critic of a Wasserstein GAN has to be Lipschitz continuous; the original paper keeps it so by
    clipping its weights after every update. Give one to the layers of the critic, as
    `kernel_constraint` (and `bias_constraint`, for the letter of the algorithm: a bias does not
    change a Lipschitz constant). The optimizer applies it after each update.

    Reference: [Arjovsky et al., 2017](https://arxiv.org/abs/1701.07875), Algorithm 1, line 7.

    Args:
        limit: Positive number, the largest absolute value that a weight may take. Defaults to
            `0.01`, the value of the paper.

    Raises:
        ValueError: If `limit` is not a positive, finite number.

    Example:

    >>> constraint = WeightClipping(limit=0.5)
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
        """Returns the arguments that make this constraint again."""
        return {"limit": self.limit}
