from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from kerasgan import registry
from kerasgan.losses.adversarial_loss import AdversarialLoss


@keras.saving.register_keras_serializable(package="kerasgan")
class FunctionLoss(AdversarialLoss):
    """A function of the scores, as a loss. `compile(loss=function)` makes one.

    Args:
        function: Takes `(real_scores, fake_scores)` and returns `(discriminator_values, generator_values)`:
            what the discriminator minimizes and what the generator minimizes, one value for each score. To
            save and load a model that is compiled with it, decorate it with
            `keras.saving.register_keras_serializable`. A lambda has no name in the file, so such a model
            cannot be loaded.

    Raises:
        TypeError: If `function` is not callable.

    Example:

    >>> def least_squares(real_scores, fake_scores):
    ...     return (real_scores - 1) ** 2 + fake_scores**2, (fake_scores - 1) ** 2
    >>> loss = kerasgan.losses.get(least_squares)
    >>> float(loss.discriminator(keras.ops.ones(1), keras.ops.ones(1))[0])
    1.0
    """

    pairs = True

    def __init__(self, function: Callable[[Any, Any], tuple[Any, Any]]) -> None:
        if not callable(function):
            raise TypeError(
                "Invalid value for argument `function`. Expected a callable of "
                f"(real_scores, fake_scores). Received: function={function!r}"
            )
        self.function = function

    def discriminator(self, real_scores: Any, fake_scores: Any) -> Any:
        """Returns the first value of the function."""
        return self.function(real_scores, fake_scores)[0]

    def generator(self, real_scores: Any, fake_scores: Any) -> Any:
        """Returns the second value of the function."""
        return self.function(real_scores, fake_scores)[1]

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal loss."""
        return {"function": registry.serialize_function(self.function)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> FunctionLoss:
        """Makes the loss that a result of `get_config` describes."""
        return cls(registry.deserialize_function(config["function"], "function"))
