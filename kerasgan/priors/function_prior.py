from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import isfunction
from typing import Any

import keras

from kerasgan import registry
from kerasgan.arguments import one_of
from kerasgan.priors.prior import Prior


@keras.saving.register_keras_serializable(package="kerasgan")
class FunctionPrior(Prior):
    """A function of shape and seed, as a prior. `prior=keras.random.truncated_normal` makes one.

    Args:
        function: Takes `(shape, seed=...)`, like the functions of `keras.random`, and returns a tensor of
            that shape. To save and load a model with it, decorate it with
            `keras.saving.register_keras_serializable`. A lambda has no name in the file, so such a model
            cannot be loaded.
        shape: The shape of one sample. Defaults to `None`: the shape that the model takes.

    Raises:
        TypeError: If `function` is not callable.

    Example:

    >>> prior = kerasgan.priors.get(keras.random.truncated_normal)
    >>> tuple(prior.shaped((2,)).sample(3, seed=0).shape)
    (3, 2)
    """

    def __init__(
        self, function: Callable[..., Any], shape: int | Sequence[int] | None = None
    ) -> None:
        super().__init__(shape)
        if not callable(function):
            raise TypeError(
                "Invalid value for argument `function`. Expected a callable of (shape, seed). "
                f"Received: function={function!r}"
            )
        self.function = function

    def draw(self, shape: tuple[Any, ...], seed: Any) -> Any:
        """Returns a float tensor of the given shape, including the batch axis."""
        return self.function(shape, seed=seed)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal prior."""
        return {**super().get_config(), "function": registry.serialize_function(self.function)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> FunctionPrior:
        """Makes the prior that a result of `get_config` describes."""
        function = config["function"]
        if isinstance(function, str):  # files of version 0.1 hold only the name
            # A file may name only functions that draw, not everything that the module contains.
            named = {name: each for name, each in vars(keras.random).items() if isfunction(each)}
            one_of("function", function, sorted(named))
            return cls(named[function], config["shape"])
        return cls(registry.deserialize_function(function, "function"), config["shape"])
