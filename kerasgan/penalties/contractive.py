from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerasgan.backend import draw_rows
from kerasgan.penalties._encoder import encoder_of
from kerasgan.penalties.penalty import Encounter, Penalty, squared_gradient_norm
from kerasgan.schedules import Schedule
from kerasgan.tensors import flat


@keras.saving.register_keras_serializable(package="kerasgan")
class Contractive(Penalty):
    """The penalty of a contractive auto-encoder: the squared Frobenius norm of the code's Jacobian.

    `weight * E ||d code(x) / d x||_F^2` at real samples. The discriminator must be an auto-encoder with an
    `encoder`.

    The norm is estimated by one random projection for each sample: `E ||v^T J||^2 = ||J||_F^2` for
    independent random signs v. The estimate has no bias. It costs one backward pass, whatever the length of
    the code.

    Reference: Rifai et al. 2011, equation 4.

    Args:
        weight: The factor of the term: a number that is not negative, or a schedule, as in
            `kerasgan.penalties.Penalty`. Defaults to 0.1.

    Raises:
        ValueError: If `weight` is a negative number; and when a model is compiled, if its discriminator has
            no `encoder`.

    Example:

    >>> kerasgan.penalties.Contractive().name
    'contractive'
    """

    needs_second_derivatives = True

    def __init__(self, weight: float | Schedule = 0.1) -> None:
        super().__init__(weight)

    def call(self, encounter: Encounter) -> Any:
        """Returns the estimated squared norm at each real sample."""
        encoder = encoder_of(encounter, self.name)

        def projected(samples: Any) -> Any:
            codes = flat(encounter.apply(encoder, samples))
            uniform = draw_rows(
                lambda rows: keras.random.uniform(
                    (rows, codes.shape[1]), -1, 1, seed=encounter.seed
                ),
                ops.shape(codes)[0],
            )
            return ops.sum(codes * ops.cast(ops.sign(uniform), codes.dtype), axis=1)

        return squared_gradient_norm(projected, encounter.real)
