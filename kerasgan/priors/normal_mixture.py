from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgan.priors.prior import Prior, independent_seeds


@keras.saving.register_keras_serializable(package="kerasgan")
class NormalMixture(Prior):
    """An equally weighted mixture of normal distributions with diagonal covariances.

    `NormalMixture.ring(10)` is the prior of ten 2-D Gaussians that the adversarial auto-encoder's paper
    shows (Makhzani et al. 2015, figure 4).

    Args:
        means: The centres, `(components, dimensions)`.
        stddev: Standard deviations: a number for all, or an array that broadcasts to the shape of `means`.
            Defaults to 1.0.

    Raises:
        ValueError: If `means` is not a matrix of finite numbers or a standard deviation is not positive.

    Example:

    >>> prior = kerasgan.priors.NormalMixture([[-1.0], [1.0]], stddev=0.1)
    >>> tuple(prior.sample(4, seed=0).shape)
    (4, 1)
    """

    def __init__(self, means: Any, stddev: Any = 1.0) -> None:
        self.means = np.asarray(means, dtype="float32")
        if self.means.ndim != 2 or not self.means.size or not np.all(np.isfinite(self.means)):
            raise ValueError(
                "Invalid value for argument `means`. Expected finite numbers of shape "
                f"(components, dimensions). Received: shape {self.means.shape}"
            )
        deviations = np.asarray(stddev, dtype="float32")
        if not np.all(deviations > 0.0):
            raise ValueError(
                "Invalid value for argument `stddev`. Expected positive numbers. "
                f"Received: stddev={stddev}"
            )
        self.stddev = np.broadcast_to(deviations, self.means.shape)
        super().__init__((self.means.shape[1],))

    @classmethod
    def ring(cls, components: int, radius: float = 4.0, stddev: float = 0.5) -> NormalMixture:
        """Makes 2-D components spread evenly over a circle.

        Args:
            components: How many.
            radius: The circle's radius. Defaults to 4.0.
            stddev: The standard deviation of each component. Defaults to 0.5.
        """
        angles = [2.0 * math.pi * index / components for index in range(components)]
        return cls([[radius * math.cos(a), radius * math.sin(a)] for a in angles], stddev)

    @property
    def components(self) -> int:
        """How many components there are."""
        return int(self.means.shape[0])

    def draw(self, shape: tuple[Any, ...], seed: Any, component: Any = None) -> Any:
        """Returns a float tensor of the given shape, batch axis included.

        Args:
            shape: `(count, dimensions)`.
            seed: An integer, a `SeedGenerator` or `None`.
            component: Which component each row is drawn from, integers `(count,)`. Defaults to `None`,
                uniform draws.
        """
        component_seed, noise_seed = independent_seeds(seed, 2)
        if component is None:
            component = keras.random.randint((shape[0],), 0, self.components, seed=component_seed)
        noise = keras.random.normal(shape, seed=noise_seed)
        means = ops.take(ops.convert_to_tensor(self.means), component, axis=0)
        deviations = ops.take(ops.convert_to_tensor(np.array(self.stddev)), component, axis=0)
        return means + deviations * noise

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal prior."""
        return {"means": self.means.tolist(), "stddev": self.stddev.tolist()}
