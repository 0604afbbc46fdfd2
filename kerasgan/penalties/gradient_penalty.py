from __future__ import annotations

from typing import Any

from keras import ops

from kerasgan.penalties.penalty import Penalty
from kerasgan.schedules import Schedule

# sqrt has no finite gradient at 0; this keeps it finite where the score is flat.
_EPSILON = 1e-12


class GradientPenalty(Penalty):
    """A penalty on the norm of the score's gradient.

    Where the discriminator gives several scores for a sample (patches), it is the gradient of their sum, as
    in the code of TF-GAN, pix2pix and StyleGAN, so that a paper's weight can be copied. The gradient of their
    mean is shorter by their number: for `R1` and `R2`, dividing the weight by its square is the same. The
    default is for one score for each sample; for several, `10 / scores**2` is a good start.

    Args:
        weight: The factor of the term, not negative. Defaults to 10.0, as in the papers.
    """

    needs_second_derivatives = True

    def __init__(self, weight: float | Schedule = 10.0) -> None:
        super().__init__(weight)


def unit_norm_deviation(squared_norm: Any) -> Any:
    """Returns `(||gradient|| - 1)^2` from the squared norm, with a finite gradient at a zero norm."""
    return ops.square(ops.sqrt(squared_norm + _EPSILON) - 1.0)
