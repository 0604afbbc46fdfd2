from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import keras


class Prior(ABC):
    """A distribution to draw latent samples from.

    A subclass writes `draw(shape, seed)`. A prior without a shape of its own takes that of the model it is
    given to: the shape of its generator's input. Priors can be added: a sum draws from each and adds.

    Args:
        shape: The shape of one sample, without the batch axis, or `None` to take the model's. An integer
            `n` stands for `(n,)`. Defaults to `None`.

    Raises:
        ValueError: If `shape` is not made of positive integers.

    Example:

    >>> class Laplace(kerasgan.priors.Prior):
    ...     def draw(self, shape, seed):
    ...         uniform = keras.random.uniform(shape, -0.5, 0.5, seed=seed)
    ...         return -keras.ops.sign(uniform) * keras.ops.log1p(-2 * keras.ops.abs(uniform))
    >>> tuple(Laplace(shape=3).sample(5, seed=0).shape)
    (5, 3)
    """

    def __init__(self, shape: int | Sequence[int] | None = None) -> None:
        self.shape = as_shape(shape)

    @abstractmethod
    def draw(self, shape: tuple[Any, ...], seed: Any) -> Any:
        """Returns a float tensor of the given shape, batch axis included."""

    def sample(self, count: Any, seed: int | keras.random.SeedGenerator | None = None) -> Any:
        """Draws samples.

        Args:
            count: How many: an integer or a scalar integer tensor.
            seed: As in `keras.random`: an integer gives the same samples each time, a `SeedGenerator` new
                ones. Defaults to `None`, Keras's global generator.

        Returns:
            Tensor `(count, *shape)`.

        Raises:
            ValueError: If the prior has no shape.
        """
        if self.shape is None:
            raise ValueError(
                f"`{type(self).__name__}` has no shape to draw samples of. Expected `shape` at its making, "
                "or a model that gives it one. Received: shape=None"
            )
        return self.draw((count, *self.shape), seed)

    def shaped(self, shape: Sequence[int]) -> Prior:
        """Returns this prior with the shape of a model's latent space.

        Raises:
            ValueError: If the prior has another shape of its own.
        """
        if self.shape is None:
            result = copy.copy(self)
            result.shape = tuple(shape)
            return result
        if self.shape != tuple(shape):
            raise ValueError(
                "Invalid value for argument `prior`. Expected samples of the latent shape "
                f"{tuple(shape)}. Received: {type(self).__name__} with shape {self.shape}"
            )
        return self

    def __add__(self, other: Prior) -> Prior:
        """Returns the prior of the sum of a draw from each."""
        from kerasgan.priors.sum import Sum

        return Sum([self, other])

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal prior."""
        return {"shape": self.shape}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Prior:
        """Makes the prior that `get_config` described."""
        return cls(**config)


def as_shape(shape: int | Sequence[int] | None) -> tuple[int, ...] | None:
    """Returns a shape as a tuple of positive integers, or `None`."""
    if shape is None:
        return None
    entries = (shape,) if isinstance(shape, int) else tuple(shape)
    if not all(isinstance(size, int) and size > 0 for size in entries):
        raise ValueError(
            "Invalid value for argument `shape`. Expected positive integers without the batch axis. "
            f"Received: shape={shape}"
        )
    return entries


def independent_seeds(seed: Any, count: int) -> list[Any]:
    """Returns seeds for several draws of one sample, so that they are independent of each other.

    A `SeedGenerator` (or `None`, Keras's global one) moves on by itself; an integer would give the same
    numbers to every draw.
    """
    if isinstance(seed, int):
        return [(seed + index * 1_000_003) % 2**31 for index in range(count)]
    return [seed] * count
