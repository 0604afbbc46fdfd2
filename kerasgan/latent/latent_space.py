from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgan.core import GenerativeModel
from kerasgan.part import rows_of
from kerasgan.priors import Prior


class LatentSpace:
    """The latent points of a game: draws them from the priors, and makes samples from them.

    A point consists of one or several vectors (or maps, or sequences). So points are lists with an array for
    each. If the game keeps an average of the weights, samples are made with the average.

    Args:
        model: A game.

    Raises:
        TypeError: If the model has no prior, or nothing that makes samples from its draws.
    """

    def __init__(self, model: Any) -> None:
        if not isinstance(model, GenerativeModel):
            raise TypeError(
                "Invalid value for argument `model`. Expected a game with a prior, such as a `kerasgan.GAN` "
                f"or another `kerasgan.core.GenerativeModel`. Received: {type(model).__name__}"
            )
        self.model = model
        self.priors: list[Prior] = model.latent.flat(model.latent_priors())

    @property
    def sample_shape(self) -> tuple[int | None, ...]:
        """The shape of one sample."""
        return tuple(self.model.samples.specification.shape[1:])

    @property
    def condition_shape(self) -> tuple[int | None, ...] | None:
        """The shape of one condition, or `None` in a game without conditions."""
        condition = self.model.condition
        return None if condition is None else tuple(condition.specification.shape[1:])

    def conditions(self, count: int, condition: Any) -> Any:
        """Returns a condition for each of `count` samples; a single one is for all, as in `generate`.

        Raises:
            ValueError: If the model needs conditions and gets none, or the reverse, or their number is wrong.
        """
        return self.model.checked_condition(condition, count)

    def points(self, argument: str, latent: Any) -> list[np.ndarray]:
        """Returns latent points as arrays, or raises an error if they do not fit the model."""
        part = self.model.latent
        if part.names is not None and isinstance(latent, (list, tuple)):
            latent = dict(zip(part.names, latent, strict=False))
        return part.flat(part.batch().arrays(argument, latent))

    def samples(self, argument: str, x: Any) -> np.ndarray:
        """Returns samples as an array, or raises an error if they do not fit the model."""
        x = self.model.samples.batch().arrays(argument, x)
        if not len(rows_of(x)):
            raise ValueError(
                f"Invalid value for argument `{argument}`. Expected at least one sample. Received: none"
            )
        return x

    def draw(self, count: int, conditions: Any, seed: int) -> list[np.ndarray]:
        """Returns draws of the priors, the same from which `generate` makes its samples."""
        return self.model.latent.flat(self.model.drawn(count, conditions, seed))

    def encoded(self, x: np.ndarray) -> list[np.ndarray] | None:
        """Returns the points that an encoder gives samples; `None` where the game has no encoder."""
        if not hasattr(self.model, "encode"):
            return None
        codes = self.model.encode(x)
        return list(codes) if isinstance(codes, tuple) else self.model.latent.flat(codes)

    def decode(
        self, latent: list[np.ndarray], conditions: Any, batch_size: int, seed: int
    ) -> np.ndarray:
        """Returns the samples that latent points stand for; the seed is for a network's own noise."""
        points = self.model.latent.packed(latent)
        return self.model.made_of(points, conditions, batch_size, seed)

    def decoded(self, latent: list[Any], conditions: Any, seed: Any) -> Any:
        """Returns the same as a tensor, through which gradients can be taken."""
        conditions = of_each(ops.convert_to_tensor, conditions)
        generate_from = self.model.traced("generate_from", seed)
        return generate_from(self.model.latent.packed(latent), conditions)


def of_each(function: Callable[[Any], Any], conditions: Any) -> Any:
    """Applies a function to each array of conditions, if there are any."""
    return None if conditions is None else keras.tree.map_structure(function, conditions)
