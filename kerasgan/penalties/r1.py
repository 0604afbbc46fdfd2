from __future__ import annotations

from typing import Any

import keras

from kerasgan.penalties.gradient_penalty import GradientPenalty
from kerasgan.penalties.penalty import Encounter, squared_gradient_norm


@keras.saving.register_keras_serializable(package="kerasgan")
class R1(GradientPenalty):
    """Zero-centered gradient penalty on real samples: `weight / 2 * E ||grad D(x)||^2`.

    `D(x)` is the score before a sigmoid.

    If the discriminator gives several scores for each sample (patches), the gradient is that of their sum.
    Then start with a weight of `10 / scores**2`.

    Reference: [Mescheder et al., 2018](https://arxiv.org/abs/1801.04406), equation 9.

    Args:
        weight: The paper's gamma: a number that is not negative, or a schedule, as in
            `kerasgan.penalties.Penalty`. Defaults to 10.0.

    Raises:
        ValueError: If `weight` is a negative number.

    Example:

    >>> penalty = kerasgan.penalties.R1(weight=1.0)
    >>> penalty.turn, penalty.name
    ('discriminator', 'r1')
    """

    def call(self, encounter: Encounter) -> Any:
        """Returns half the squared gradient norm at each real sample."""
        return 0.5 * squared_gradient_norm(encounter.score, encounter.real)
