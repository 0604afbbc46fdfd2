from __future__ import annotations

from typing import Any

import keras
import numpy as np

from kerasgan.core.training_data import (
    check_array,
    check_conditions,
    check_element,
    first_element,
    fits,
    is_array,
)
from kerasgan.datasets._arrays import check_resolution


class DataChecks(keras.Model):
    """What data a game takes, and the checks of them before any flow.

    Args:
        **kwargs: Those of `keras.Model`.
    """

    conditional: bool = False

    def specification(self) -> tuple[keras.KerasTensor, keras.KerasTensor | None]:
        """Returns the shapes and dtypes of a batch of real samples and of their conditions."""
        raise NotImplementedError

    @property
    def takes_conditions(self) -> bool:
        """Whether `y` belongs to the data: conditions of samples, or labels to learn."""
        return self.specification()[1] is not None

    @property
    def _sample_shape(self) -> tuple[int | None, ...]:
        return tuple(self.specification()[0].shape[1:])

    def _check_data(self, x: Any, y: Any, argument: str = "x") -> None:
        if not is_array(x):
            element = first_element(x)
            if element is not None:
                check_element(element, self.takes_conditions, self._sample_shape, argument)
            return
        check_array(argument, x, self._sample_shape)
        if keras.config.floatx() != "float64":
            check_resolution(argument, x)
        if y is not None or self.takes_conditions:
            self._conditions(len(x), y, argument="y")

    def _conditions(self, count: int, condition: Any, argument: str = "condition") -> Any:
        """Returns one condition for each of `count` samples, or `None` in an unconditional game."""
        needed = self.takes_conditions if argument == "y" else self.conditional
        if needed != (condition is not None):
            expected = "the condition of each sample" if needed else "none"
            raise ValueError(
                f"Invalid value for argument `{argument}`. Expected {expected} for "
                f"`{type(self).__name__}`. Received: {'None' if condition is None else type(condition)}"
            )
        expected_condition = self.specification()[1]
        if condition is None or expected_condition is None:
            return None
        condition = np.asarray(condition)
        shape = tuple(expected_condition.shape[1:])
        if argument == "condition" and fits(condition.shape, shape):
            condition = np.broadcast_to(condition, (count, *condition.shape))
        return check_conditions(argument, condition, count, shape)
