from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

from kerasgan.arguments import non_negative_number, positive_number
from kerasgan.priors.prior import Prior, independent_seeds


@keras.saving.register_keras_serializable(package="kerasgan")
class SwissRoll(Prior):
    """The 2-D swiss roll: points spread nearly evenly along a spiral, with normal noise.

    The prior of figure 4 of Makhzani et al. 2015.

    Args:
        radius: The largest distance from the origin, before noise. Defaults to 4.0.
        turns: How often the spiral goes round. Defaults to 2.0.
        stddev: The noise's standard deviation, not negative. Defaults to 0.1.

    Raises:
        ValueError: If `radius` or `turns` is not positive or `stddev` is negative.

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
        """Draws class c from the roll's c-th part of equal length, and unlabeled examples from all of it."""
        label_seed, draw_seed = independent_seeds(seed, 2)
        position = keras.random.uniform((shape[0],), seed=label_seed)
        within = (ops.cast(labels, position.dtype) + position) / classes
        return self.draw(shape, draw_seed, position=ops.where(labels < 0, position, within))

    def draw(self, shape: tuple[Any, ...], seed: Any, position: Any = None) -> Any:
        """Returns a float tensor of the given shape, batch axis included.

        Args:
            shape: `(count, 2)`.
            seed: An integer, a `SeedGenerator` or `None`.
            position: Where along the roll each row lies, in `[0, 1)`, `(count,)`. Defaults to `None`,
                uniform draws.
        """
        position_seed, noise_seed = independent_seeds(seed, 2)
        if position is None:
            position = keras.random.uniform((shape[0],), seed=position_seed)
        # On an Archimedean spiral the arc length grows with the square of the radius, but for a term
        # that counts near the center only, where the roll is a little more thinly covered.
        fraction = ops.sqrt(position)
        angle = 2.0 * math.pi * self.turns * fraction
        spiral = ops.stack([ops.cos(angle), ops.sin(angle)], axis=-1)
        noise = self.stddev * keras.random.normal(shape, seed=noise_seed)
        return self.radius * fraction[:, None] * spiral + noise

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal prior."""
        return {"radius": self.radius, "turns": self.turns, "stddev": self.stddev}
