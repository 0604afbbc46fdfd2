from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerasgan.arguments import positive_number
from kerasgan.losses.adversarial_loss import AdversarialLoss


@keras.saving.register_keras_serializable(package="kerasgan")
class LeastSquares(AdversarialLoss):
    """Regresses the discriminator's output on 1 for real and 0 for generated samples.

    `1/2 E[(D(x) - 1)^2] + 1/2 E[D(G(z))^2]` for the discriminator, `1/2 E[(D(G(z)) - 1)^2]` for the
    generator (Mao et al. 2017, equation 9). Defined on the discriminator's own output, sigmoid or not.

    Args:
        real_label: What the discriminator's output on real samples is pulled to, and the generator's
            samples by the generator. Defaults to 1.0; less than 1.0 is one-sided label smoothing.

    Raises:
        ValueError: If `real_label` is not a positive number.

    Example:

    >>> loss = kerasgan.losses.LeastSquares()
    >>> float(loss.discriminator(keras.ops.ones(1), keras.ops.zeros(1))[0])
    0.0
    """

    on_logits = False

    def __init__(self, real_label: float = 1.0) -> None:
        self.real_label = positive_number("real_label", real_label)

    def discriminator(self, real_scores: Any, fake_scores: Any) -> Any:
        """Returns `1/2 (D(x) - real_label)^2 + 1/2 D(G(z))^2`."""
        return 0.5 * ops.square(real_scores - self.real_label) + 0.5 * ops.square(fake_scores)

    def generator(self, real_scores: Any, fake_scores: Any) -> Any:
        """Returns `1/2 (D(G(z)) - real_label)^2`."""
        return 0.5 * ops.square(fake_scores - self.real_label)

    def probability(self, scores: Any) -> Any:
        """Returns the scores in units of `real_label`, clipped to `[0, 1]`.

        Regression on the labels 0 and `real_label` estimates `real_label` times the probability.
        """
        return ops.clip(scores / self.real_label, 0.0, 1.0)

    def signs(self, real_scores: Any, fake_scores: Any) -> Any:
        """Returns 1 for each real score that is nearer to `real_label` than to 0, and -1 for others."""
        return ops.sign(real_scores - self.real_label / 2)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal loss."""
        return {"real_label": self.real_label}
