from __future__ import annotations

import copy
import numbers
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops

from kerasgan import arguments


class Prior(ABC):
    """A distribution to draw latent samples from.

    To write a prior of your own, subclass this and write `draw(shape, seed)`. A prior without a shape takes
    the shape that its model needs, which is the input shape of the generator. You can add priors: `a + b`
    draws from both and adds the draws (`kerasgan.priors.Sum`).

    Args:
        shape: The shape of one sample, without the batch axis. An integer `n` means `(n,)`. Defaults to
            `None`: the shape that the model takes.

    Raises:
        ValueError: If `shape` does not consist of positive integers.

    Example:

    >>> class Laplace(kerasgan.priors.Prior):
    ...     def draw(self, shape, seed):
    ...         uniform = keras.random.uniform(shape, -0.5, 0.5, seed=seed)
    ...         return -keras.ops.sign(uniform) * keras.ops.log1p(-2 * keras.ops.abs(uniform))
    >>> tuple(Laplace(shape=3).sample(5, seed=0).shape)
    (5, 3)
    """

    # The module of `kerasgan.priors.Sum` sets this. It imports `Prior`, so it cannot be imported here.
    make_sum: ClassVar[Callable[[list[Prior]], Prior]]

    def __init__(self, shape: int | Sequence[int] | None = None) -> None:
        self.shape = None if shape is None else arguments.shape("shape", shape)

    @abstractmethod
    def draw(self, shape: tuple[Any, ...], seed: Any) -> Any:
        """Returns a float tensor of the given shape, including the batch axis.

        Args:
            shape: `(count, ...)`. `count` may be a tensor.
            seed: An integer, a `SeedGenerator` or `None`, as in `keras.random`.
        """

    def sample(self, count: Any, seed: int | keras.random.SeedGenerator | None = None) -> Any:
        """Draws samples.

        Args:
            count: The number of samples: a positive integer or a scalar integer tensor.
            seed: As in `keras.random`. An integer gives the same samples each time. A `SeedGenerator` gives
                new samples each time. Defaults to `None`: Keras's global generator.

        Returns:
            Tensor `(count, *shape)`.

        Raises:
            ValueError: If the prior has no shape, or `count` is a number but not a positive integer.
        """
        if isinstance(count, numbers.Number):
            count = arguments.positive_integer("count", count)
        if self.shape is None:
            raise ValueError(
                f"`{type(self).__name__}` has no shape, so it cannot draw samples. Expected the argument "
                "`shape`, or a model that gives the prior its shape. Received: shape=None"
            )
        return self.draw((count, *self.shape), _checked_seed(seed))

    def sample_labeled(
        self,
        labels: Any,
        classes: int,
        seed: int | keras.random.SeedGenerator | None = None,
    ) -> Any:
        """Draws one sample for each label, from the part of the prior that belongs to its class.

        Args:
            labels: Integers `(count,)` from 0 to `classes - 1`, or -1 for unlabeled.
            classes: The number of classes.
            seed: As in `sample`. Defaults to `None`.

        Returns:
            Tensor `(count, *shape)`.

        Raises:
            ValueError: If this prior has no parts for classes.
        """
        labels = ops.cast(labels, "int32")
        shape = (ops.shape(labels)[0], *(self.shape or ()))
        return self.draw_labeled(shape, labels, classes, _checked_seed(seed))

    def draw_labeled(self, shape: tuple[Any, ...], labels: Any, classes: int, seed: Any) -> Any:
        """Returns a tensor of the given shape. Each row is from the part of its label. For subclasses.

        Args:
            shape: `(count, ...)`.
            labels: Integers `(count,)` from 0 to `classes - 1`, or -1 for unlabeled.
            classes: The number of classes.
            seed: As in `draw`.

        Raises:
            ValueError: If this prior has no parts for classes.
        """
        raise ValueError(
            "Invalid value for argument `prior`. Expected one with a part for each class, such as "
            f"`NormalMixture` or `SwissRoll`. Received: {type(self).__name__}"
        )

    def shaped(self, shape: Sequence[int | None]) -> Prior:
        """Returns this prior with the shape of a model's latent samples.

        Args:
            shape: The shape. An entry `None` is an axis of any size. The prior must then have a shape of its
                own.

        Raises:
            ValueError: If the prior already has a different shape, or if it has no shape and an axis may have
                any size.
        """
        known = tuple(axis for axis in shape if axis is not None)
        if self.shape is None and len(known) < len(shape):
            example = tuple(8 if axis is None else axis for axis in shape)
            raise ValueError(
                "Invalid value for argument `prior`. Expected one with a shape of its own, such as "
                f"`Normal(shape={example})`: the model takes latent samples of shape {tuple(shape)}. "
                f"Received: {type(self).__name__} without a shape"
            )
        if self.shape is None:
            result = copy.copy(self)
            result.shape = known
            return result
        sizes = [
            axis if size is None else size for axis, size in zip(self.shape, shape, strict=False)
        ]
        if len(shape) != len(self.shape) or tuple(sizes) != self.shape:
            raise ValueError(
                "Invalid value for argument `prior`. Expected samples of the latent shape "
                f"{tuple(shape)}. Received: {type(self).__name__} with shape {self.shape}"
            )
        return self

    def __add__(self, other: Prior) -> Prior:
        """Returns the prior of a sum: it draws from both priors and adds the draws."""
        if not isinstance(other, Prior):
            return NotImplemented
        return Prior.make_sum([self, other])

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal prior."""
        return {"shape": self.shape}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Prior:
        """Makes the prior that a result of `get_config` describes."""
        return cls(**config)


def _checked_seed(seed: Any) -> Any:
    is_generator = isinstance(seed, keras.random.SeedGenerator)
    return seed if is_generator else arguments.random_seed(seed)


def independent_seeds(seed: Any, count: int) -> list[Any]:
    """Returns seeds for several draws, so that the draws are independent of each other.

    A `SeedGenerator`, or Keras's global one for `None`, gives new numbers for each draw. An integer would
    give the same numbers to every draw. So it is hashed. If it were only increased, the seeds of nested
    priors could be equal.

    Args:
        seed: An integer, a `SeedGenerator` or `None`.
        count: The number of draws.
    """
    if isinstance(seed, int):
        return np.random.SeedSequence(seed).generate_state(count).tolist()
    return [seed] * count
