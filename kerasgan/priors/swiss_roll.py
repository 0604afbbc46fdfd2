from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

from kerasgan.arguments import non_negative_number, positive_number
from kerasgan.priors.prior import Prior, independent_seeds


@keras.saving.register_keras_serializable(package="kerasgan")
class SwissRoll(Prior):
    """The swiss roll in two dimensions: points spread nearly evenly along a spiral, with normal noise.

    Reference: [Makhzani et al., 2015](https://arxiv.org/abs/1511.05644), figure 4.

    Args:
        radius: The largest distance of a point from the origin, before noise. Defaults to 4.0.
        turns: The number of turns of the spiral. Defaults to 2.0.
        stddev: The standard deviation of the noise, not negative. Defaults to 0.1.

    Raises:
        ValueError: If `radius` or `turns` is not positive, or `stddev` is negative.

    Example:

    >>> tuple(kerasgan.priors.SwissRoll().sample(3, seed=0).shape)
    (3, 2)
    """

    def __init__(self, radius: float = 4.0, turns: float = 2.0, stddev: float = 0.1) -> None:
        super().__init__((2,))
        self.radius = positive_number("radius", radius)
        self.turns = positive_number("turns", turns)
        self.stddev = non_negative_number("stddev", stddev)

    def draw_labeled(self, shape: tuple[Any, ...], labels: Any, classes: int, seed: Any) -> Any:
        """Draws class c from the c-th part of the roll. Draws unlabeled examples from the whole roll.

        All parts have the same length.
        """
        label_seed, draw_seed = independent_seeds(seed, 2)
        position = keras.random.uniform((shape[0],), seed=label_seed)
        within = (ops.cast(labels, position.dtype) + position) / classes
        return self.draw(shape, draw_seed, position=ops.where(labels < 0, position, within))

    def draw(self, shape: tuple[Any, ...], seed: Any, position: Any = None) -> Any:
        """Returns a float tensor of the given shape, including the batch axis.

        Args:
            shape: `(count, 2)`.
            seed: An integer, a `SeedGenerator` or `None`.
            position: The place of each row along the roll: numbers in `[0, 1)`, of shape `(count,)`. Defaults
                to `None`: the places are drawn uniformly.
        """
        position_seed, noise_seed = independent_seeds(seed, 2)
        if position is None:
            position = keras.random.uniform((shape[0],), seed=position_seed)
        # On an Archimedean spiral, the arc length grows nearly with the square of the radius. It differs only
        # near the center: there the points are a little less dense.
        fraction = ops.sqrt(position)
        angle = 2.0 * math.pi * self.turns * fraction
        spiral = ops.stack([ops.cos(angle), ops.sin(angle)], axis=-1)
        noise = self.stddev * keras.random.normal(shape, seed=noise_seed)
        return self.radius * fraction[:, None] * spiral + noise

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal prior."""
        return {"radius": self.radius, "turns": self.turns, "stddev": self.stddev}
