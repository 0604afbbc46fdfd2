from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerasgan.losses.minimax import Minimax


@keras.saving.register_keras_serializable(package="kerasgan")
class NonSaturating(Minimax):
    """The game as it is played in practice: the generator maximizes `log D(G(z))`.

    The discriminator's side is that of `Minimax`; the fixed point is the same, and the generator's
    gradient stays strong where the discriminator wins (Goodfellow et al. 2014, section 3). The default.

    Args:
        label_smoothing: One-sided: the discriminator's target for real samples is `1 - label_smoothing`
            (Salimans et al. 2016, section 3.4). In `[0, 1)`. Defaults to 0.

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
