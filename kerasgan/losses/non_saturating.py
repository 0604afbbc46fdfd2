from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerasgan.losses.minimax import Minimax


@keras.saving.register_keras_serializable(package="kerasgan")
class NonSaturating(Minimax):
    """The usual loss of a GAN, and the default: the generator maximizes `log D(G(z))`.

    The discriminator minimizes the same as in `Minimax`. The fixed point is the same too. But the gradient of
    the generator stays strong if the discriminator wins.

    Reference: [Goodfellow et al., 2014](https://arxiv.org/abs/1406.2661), section 3.

    Args:
        label_smoothing: A number in `[0, 1)`. The discriminator's target for real samples is
            `1 - label_smoothing`. The target for generated samples stays 0 (one-sided label smoothing,
            [Salimans et al., 2016](https://arxiv.org/abs/1606.03498), section 3.4). Defaults to 0.0.

    Raises:
        ValueError: If `label_smoothing` is outside `[0, 1)`.

    Example:

    >>> loss = kerasgan.losses.NonSaturating(label_smoothing=0.1)
    >>> float(loss.generator(None, keras.ops.zeros(1))[0])  # log 2
    0.6931...
    """

    def generator(self, real_scores: Any, fake_scores: Any) -> Any:
        """Returns `-log D(G(z))`."""
        return ops.softplus(-fake_scores)
