from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerasgan.backend import all_replicas_mean
from kerasgan.precision import full_precision


@keras.saving.register_keras_serializable(package="kerasgan")
class LossScaleOptimizer(keras.optimizers.LossScaleOptimizer):
    """Keras's loss scaling for float16, where all replicas skip an update that overflows on any of them.

    Keras asks the first replica alone, as if gradients were added up before they are looked at. They are
    added up after, so an overflow on another replica would reach everybody's weights.

    Args:
        inner_optimizer: The optimizer whose gradients are scaled.
        **kwargs: As in `keras.optimizers.LossScaleOptimizer`.

    Example:

    >>> float(LossScaleOptimizer(keras.optimizers.SGD(0.5)).learning_rate)
    0.5
    """

    def check_finite(self, grads: Any) -> Any:
        """Returns whether all gradients are finite, on all replicas."""
        share = all_replicas_mean(ops.cast(super().check_finite(grads), full_precision()))
        return ops.equal(share, 1.0)
