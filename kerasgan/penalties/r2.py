from __future__ import annotations

from typing import Any

import keras

from kerasgan.penalties.gradient_penalty import GradientPenalty
from kerasgan.penalties.penalty import Encounter, squared_gradient_norm


@keras.saving.register_keras_serializable(package="kerasgan")
class R2(GradientPenalty):
    """Zero-centered gradient penalty on generated samples: `weight / 2 * E ||grad D(G(z))||^2`.

    Mescheder et al. 2018, section 4.1; `weight` is the paper's gamma. With `R1` and the `Relativistic` loss
    it makes R3GAN's objective (Huang et al. 2024).

    With several scores for each sample (patches), the gradient is that of their sum; start with a weight of
    `10 / scores**2`.

    Args:
        weight: The paper's gamma. Defaults to 10.0.

    Example:

    >>> penalty = kerasgan.penalties.R2(weight=1.0)
    """

    def call(self, encounter: Encounter) -> Any:
        """Returns half the squared gradient norm at each generated sample."""
        return 0.5 * squared_gradient_norm(encounter.score, encounter.fake)
