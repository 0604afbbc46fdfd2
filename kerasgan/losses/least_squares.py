from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerasgan.arguments import positive_number
from kerasgan.losses.adversarial_loss import AdversarialLoss


@keras.saving.register_keras_serializable(package="kerasgan")
class LeastSquares(AdversarialLoss):
    """Squared distances of the discriminator's output from 1 for real samples and from 0 for generated ones.

    The discriminator minimizes `1/2 E[(D(x) - 1)^2] + 1/2 E[D(G(z))^2]`. The generator minimizes
    `1/2 E[(D(G(z)) - 1)^2]`. D is the output of the discriminator as it is, with or without a sigmoid.

    Reference: [Mao et al., 2017](https://arxiv.org/abs/1611.04076), equation 9.

    Args:
        real_label: The output that the discriminator aims at for real samples, and the generator for its
            samples: a positive number. Less than 1.0 is one-sided label smoothing. Defaults to 1.0.

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
        """Returns the scores divided by `real_label`, clipped to `[0, 1]`.

        A regression on the labels 0 and `real_label` estimates `real_label` times the probability.
        """
        return ops.clip(scores / self.real_label, 0.0, 1.0)

    def signs(self, real_scores: Any, fake_scores: Any) -> Any:
        """Returns 1 for each real score that is nearer to `real_label` than to 0, and -1 for the others."""
        return ops.sign(real_scores - self.real_label / 2)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal loss."""
        return {"real_label": self.real_label}
