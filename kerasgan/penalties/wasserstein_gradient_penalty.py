from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerasgan.backend import draw_rows
from kerasgan.penalties.penalty import Encounter, Penalty, squared_gradient_norm

# sqrt has no finite gradient at 0; this keeps it finite where the score is flat.
_EPSILON = 1e-12


def unit_norm_deviation(squared_norm: Any) -> Any:
    """Returns `(||gradient|| - 1)^2` from the squared norm, with a finite gradient at a zero norm."""
    return ops.square(ops.sqrt(squared_norm + _EPSILON) - 1.0)


@keras.saving.register_keras_serializable(package="kerasgan")
class WassersteinGradientPenalty(Penalty):
    """One-centred gradient penalty between real and generated samples (WGAN-GP).

    `weight * E (||grad D(x^)|| - 1)^2` with `x^` uniform on the segment between a real and a generated
    sample (Gulrajani et al. 2017, equation 3).

    Args:
        weight: The paper's lambda. Defaults to 10.0.

    Example:

    >>> penalty = kerasgan.penalties.WassersteinGradientPenalty()
    >>> penalty.weight
    10.0
    """

    name = "gradient_penalty"

    def __init__(self, weight: float = 10.0) -> None:
        super().__init__(weight)

    def call(self, encounter: Encounter) -> Any:
        """Returns the squared deviation of the gradient's norm from 1 at each interpolate."""
        real, fake = encounter.real, encounter.fake
        ones = (1,) * (len(real.shape) - 1)
        alpha = draw_rows(
            lambda rows: keras.random.uniform((rows, *ones), seed=encounter.seed),
            ops.shape(real)[0],
        )
        interpolates = real + alpha * (fake - real)
        return unit_norm_deviation(squared_gradient_norm(encounter.score, interpolates))
