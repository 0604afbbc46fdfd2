from __future__ import annotations

from typing import Any

from keras import ops

from kerasgan.penalties.penalty import Penalty
from kerasgan.schedules import Schedule

# The gradient of sqrt at 0 is infinite. With this, it is finite for a flat score.
_EPSILON = 1e-12


class GradientPenalty(Penalty):
    """A penalty on the norm of the gradient of the score.

    A discriminator of patches gives several scores for each sample. Then the gradient is that of their sum.
    The code of TF-GAN, pix2pix and StyleGAN does the same, so you can copy the weight of a paper.

    The gradient of the mean is the gradient of the sum, divided by the number of scores. For `R1` and `R2`,
    it is the same to divide the weight by the square of this number. The default weight is for one score for
    each sample. For several scores, start with `10 / scores**2`.

    Args:
        weight: The factor of the term: a number that is not negative, or a schedule, as in
            `kerasgan.penalties.Penalty`. Defaults to 10.0, as in the papers.

    Raises:
        ValueError: If `weight` is a negative number.
    """

    needs_second_derivatives = True

    def __init__(self, weight: float | Schedule = 10.0) -> None:
        super().__init__(weight)


def unit_norm_deviation(squared_norm: Any) -> Any:
    """Returns `(||gradient|| - 1)^2` from the squared norm. Its gradient is finite at a norm of 0."""
    return ops.square(ops.sqrt(squared_norm + _EPSILON) - 1.0)
