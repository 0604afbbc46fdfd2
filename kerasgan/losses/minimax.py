from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerasgan.arguments import fraction
from kerasgan.losses.adversarial_loss import AdversarialLoss


@keras.saving.register_keras_serializable(package="kerasgan")
class Minimax(AdversarialLoss):
    """The zero-sum game: the generator minimizes what the discriminator maximizes.

    `min_G max_D E[log D(x)] + E[log(1 - D(G(z)))]`, computed from logits. If the discriminator wins, the
    gradient of the generator vanishes. `NonSaturating` avoids this.

    Reference: [Goodfellow et al., 2014](https://arxiv.org/abs/1406.2661), equation 1.

    Args:
        label_smoothing: A number in `[0, 1)`. The discriminator's target for real samples is
            `1 - label_smoothing`. The target for generated samples stays 0 (one-sided label smoothing,
            [Salimans et al., 2016](https://arxiv.org/abs/1606.03498), section 3.4). Defaults to 0.0.

    Raises:
        ValueError: If `label_smoothing` is outside `[0, 1)`.

    Example:

    >>> loss = kerasgan.losses.Minimax()
    >>> float(loss.discriminator(keras.ops.zeros(1), keras.ops.zeros(1))[0])  # 2 log 2
    1.3862...
    """

    def __init__(self, label_smoothing: float = 0.0) -> None:
        self.label_smoothing = fraction("label_smoothing", label_smoothing)

    def discriminator(self, real_scores: Any, fake_scores: Any) -> Any:
        """Returns `-t log D(x) - (1 - t) log(1 - D(x)) - log(1 - D(G(z)))`, `t = 1 - label_smoothing`."""
        # softplus(-s) = -log sigmoid(s), and softplus(s) - softplus(-s) = s.
        return (
            ops.softplus(-real_scores)
            + self.label_smoothing * real_scores
            + ops.softplus(fake_scores)
        )

    def generator(self, real_scores: Any, fake_scores: Any) -> Any:
        """Returns `log(1 - D(G(z)))`."""
        return -ops.softplus(fake_scores)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal loss."""
        return {"label_smoothing": self.label_smoothing}
