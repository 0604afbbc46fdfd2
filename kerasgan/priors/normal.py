from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from kerasgan.arguments import number, positive_number
from kerasgan.priors.prior import Prior


@keras.saving.register_keras_serializable(package="kerasgan")
class Normal(Prior):
    """Independent normal variables: the default prior of every model.

    Args:
        shape: The shape of one sample. Defaults to `None`: the shape that the model takes.
        mean: The mean of each variable. Defaults to 0.0.
        stddev: The standard deviation of each variable, a positive number. Defaults to 1.0.

    Raises:
        ValueError: If `mean` is not a finite number, or `stddev` is not a positive number.

    Example:

    >>> tuple(kerasgan.priors.Normal(shape=2).sample(3, seed=0).shape)
    (3, 2)
    """

    def __init__(
        self, shape: int | Sequence[int] | None = None, mean: float = 0.0, stddev: float = 1.0
    ) -> None:
        super().__init__(shape)
        self.mean = number("mean", mean)
        self.stddev = positive_number("stddev", stddev)

    def draw(self, shape: tuple[Any, ...], seed: Any) -> Any:
        """Returns a float tensor of the given shape, including the batch axis."""
        return keras.random.normal(shape, self.mean, self.stddev, seed=seed)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal prior."""
        return {**super().get_config(), "mean": self.mean, "stddev": self.stddev}
