from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgan import arguments
from kerasgan.precision import full_precision
from kerasgan.priors.prior import Prior, independent_seeds


@keras.saving.register_keras_serializable(package="kerasgan")
class NormalMixture(Prior):
    """An equally weighted mixture of normal distributions with diagonal covariances.

    `NormalMixture.ring(10)` is a ring of ten Gaussians in two dimensions, like the prior of the adversarial
    auto-encoder's paper ([Makhzani et al., 2015](https://arxiv.org/abs/1511.05644), figure 4).

    Args:
        means: The means of the components, `(components, dimensions)`.
        stddev: The standard deviations: one number for all, or an array that broadcasts to the shape of
            `means`. Defaults to 1.0.

    Raises:
        ValueError: If `means` is not a matrix of finite numbers, or a standard deviation is not positive.

    Example:

    >>> prior = kerasgan.priors.NormalMixture([[-1.0], [1.0]], stddev=0.1)
    >>> tuple(prior.sample(4, seed=0).shape)
    (4, 1)
    """

    def __init__(self, means: Any, stddev: Any = 1.0) -> None:
        centers = _finite(means)
        if centers is None or centers.ndim != 2 or not centers.size:
            expected = "finite numbers of shape (components, dimensions)"
            raise arguments.invalid("means", means, expected)
        self.means = centers
        deviations = _finite(stddev)
        if deviations is None or not np.all(deviations > 0.0):
            raise arguments.invalid("stddev", stddev, "positive numbers")
        try:
            self.stddev = np.broadcast_to(deviations, centers.shape)
        except ValueError as error:
            expected = f"a shape that broadcasts to that of `means`, {centers.shape}"
            raise arguments.invalid("stddev", stddev, expected) from error
        super().__init__((self.means.shape[1],))

    @classmethod
    def ring(cls, components: int, radius: float = 4.0, stddev: float = 0.5) -> NormalMixture:
        """Makes a mixture in two dimensions, with components spread evenly over a circle.

        Args:
            components: The number of components, a positive integer.
            radius: The radius of the circle, a positive number. Defaults to 4.0.
            stddev: The standard deviation of each component, a positive number. Defaults to 0.5.

        Returns:
            A `NormalMixture`.

        Raises:
            ValueError: If `components` is not a positive integer, or another argument is not a positive
                number.

        Example:

        >>> kerasgan.priors.NormalMixture.ring(4, radius=2.0).means.round(3).tolist()
        [[2.0, 0.0], [0.0, 2.0], [-2.0, 0.0], [0.0, -2.0]]
        """
        components = arguments.positive_integer("components", components)
        radius = arguments.positive_number("radius", radius)
        angles = [2.0 * math.pi * index / components for index in range(components)]
        return cls([[radius * math.cos(a), radius * math.sin(a)] for a in angles], stddev)

    @property
    def components(self) -> int:
        """The number of components."""
        return int(self.means.shape[0])

    def draw_labeled(self, shape: tuple[Any, ...], labels: Any, classes: int, seed: Any) -> Any:
        """Draws class c from component c. Draws unlabeled examples from the whole mixture."""
        if classes > self.components:
            raise ValueError(
                f"Invalid value for argument `prior`. Expected a component for each of {classes} classes. "
                f"Received: a mixture of {arguments.counted(self.components, 'component')}"
            )
        label_seed, draw_seed = independent_seeds(seed, 2)
        position = keras.random.uniform((shape[0],), seed=label_seed)
        anywhere = ops.cast(position * self.components, "int32")
        return self.draw(shape, draw_seed, component=ops.where(labels < 0, anywhere, labels))

    def draw(self, shape: tuple[Any, ...], seed: Any, component: Any = None) -> Any:
        """Returns a float tensor of the given shape, including the batch axis.

        Args:
            shape: `(count, dimensions)`.
            seed: An integer, a `SeedGenerator` or `None`.
            component: The component of each row: integers from 0 to `components - 1`, of shape `(count,)`.
                They are rows of `means`, and they are not checked. A model that knows the classes of its
                samples can give each class a component. Defaults to `None`: the components are drawn
                uniformly.
        """
        component_seed, noise_seed = independent_seeds(seed, 2)
        if component is None:
            # Not `keras.random.randint`: it does not accept symbolic shapes.
            position = keras.random.uniform((shape[0],), seed=component_seed)
            component = ops.cast(position * self.components, "int32")
        noise = keras.random.normal(shape, seed=noise_seed)
        means = ops.take(ops.convert_to_tensor(self.means), component, axis=0)
        deviations = ops.take(ops.convert_to_tensor(np.array(self.stddev)), component, axis=0)
        return means + deviations * noise

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal prior."""
        return {"means": self.means.tolist(), "stddev": self.stddev.tolist()}


def _finite(values: Any) -> np.ndarray | None:
    """Returns numbers as an array in full precision, or `None` if they are not all finite numbers."""
    try:
        array = np.asarray(values)
    except ValueError:  # rows of different lengths
        return None
    if array.dtype.kind not in "iuf":
        return None
    array = array.astype(full_precision())
    return array if np.all(np.isfinite(array)) else None
