from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from kerasgan.arguments import number
from kerasgan.priors.prior import Prior


@keras.saving.register_keras_serializable(package="kerasgan")
class Uniform(Prior):
    """Independent uniform variables.

    Args:
        shape: The shape of one sample. Defaults to `None`: the shape that the model takes.
        low: The smallest value. Defaults to -1.0.
        high: The largest value. Defaults to 1.0.

    Raises:
        ValueError: If `low` and `high` are not finite numbers, or if `low` is not less than `high`.

    Example:

    >>> samples = kerasgan.priors.Uniform(shape=2, low=0.0).sample(100, seed=0)
    >>> bool(keras.ops.min(samples) >= 0)
    True
    """

    def __init__(
        self, shape: int | Sequence[int] | None = None, low: float = -1.0, high: float = 1.0
    ) -> None:
        super().__init__(shape)
        self.high = upper = number("high", high)
        self.low = number(
            "low", low, f"a number less than `high`, {upper}", lambda given: given < upper
        )

    def draw(self, shape: tuple[Any, ...], seed: Any) -> Any:
        """Returns a float tensor of the given shape, including the batch axis."""
        return keras.random.uniform(shape, self.low, self.high, seed=seed)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal prior."""
        return {**super().get_config(), "low": self.low, "high": self.high}
