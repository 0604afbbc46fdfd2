from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerasgan.backend import all_replicas_mean
from kerasgan.precision import full_precision


@keras.saving.register_keras_serializable(package="kerasgan")
class LossScaleOptimizer(keras.optimizers.LossScaleOptimizer):
    """Keras's loss scaling for float16. If an update overflows on one replica, all replicas skip it.

    Keras checks only the first replica, as if the gradients were added up before the check. They are added up
    after it. So an overflow on another replica would reach the weights of all replicas.

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
