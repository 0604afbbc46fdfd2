from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from kerasgan import registry
from kerasgan.priors.prior import Prior, independent_seeds


@keras.saving.register_keras_serializable(package="kerasgan")
class Sum(Prior):
    """The distribution of a sum of independent draws. `a + b` makes one.

    Args:
        priors: The priors to add, at least one. Those that have a shape must have the same shape.
        shape: The shape of one sample. Defaults to `None`: the shape of the priors, or else the shape that
            the model takes.

    Raises:
        TypeError: If one of the priors is not a `Prior`.
        ValueError: If there is no prior, or if two shapes differ.

    Example:

    >>> prior = kerasgan.priors.Normal(stddev=0.1) + kerasgan.priors.Uniform(shape=2)
    >>> tuple(prior.sample(3, seed=0).shape)
    (3, 2)
    """

    def __init__(self, priors: Sequence[Prior], shape: int | Sequence[int] | None = None) -> None:
        super().__init__(shape)
        self.priors = tuple(priors)
        for prior in self.priors:
            if not isinstance(prior, Prior):
                raise TypeError(
                    "Invalid value for argument `priors`. Expected `kerasgan.priors.Prior` objects. "
                    f"Received: {prior!r}"
                )
        shapes = {prior.shape for prior in (self, *self.priors)} - {None}
        if not self.priors or len(shapes) > 1:
            raise ValueError(
                "Invalid value for argument `priors`. Expected at least one prior, all of the same shape. "
                f"Received: shapes {[prior.shape for prior in self.priors]}, shape={self.shape}"
            )
        self.shape = shapes.pop() if shapes else None

    def draw(self, shape: tuple[Any, ...], seed: Any) -> Any:
        """Returns a float tensor of the given shape, including the batch axis."""
        seeds = independent_seeds(seed, len(self.priors))
        return sum(prior.draw(shape, each) for prior, each in zip(self.priors, seeds, strict=True))

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal prior."""
        priors = [keras.saving.serialize_keras_object(prior) for prior in self.priors]
        return {**super().get_config(), "priors": priors}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Sum:
        """Makes the prior that a result of `get_config` describes."""
        priors = [registry.deserialize(item) for item in config["priors"]]
        return cls(priors, config["shape"])


Prior.make_sum = Sum
