"""Finds the value a trailing sigmoid was applied to, so that no loss goes through it twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

# Operations that hand a sigmoid's values on, possibly in another shape or precision.
_PASSING = ("Identity", "Cast", "Reshape", "Squeeze", "ExpandDims", "CheckNumerics")


def _sigmoid_input(tensor: Any) -> Any | None:
    logits = getattr(tensor, "_keras_logits", None)
    if logits is not None:
        return logits
    # An eager tensor has no producing operation, and asking it for one raises.
    operation = None if hasattr(tensor, "numpy") else getattr(tensor, "op", None)
    if operation is None:
        return None
    if operation.type in ("Sigmoid", "LogisticV2"):
        return operation.inputs[0]
    if operation.type in _PASSING:
        return _sigmoid_input(operation.inputs[0])
    return None


def logits_of(probability: Any) -> Any:
    """Returns the logit of the probabilities that a network's last sigmoid gave.

    Where the sigmoid can be seen (always in a compiled step) this is its exact input. Elsewhere the inverse
    is computed from the two logarithms, which is exact until the probability rounds to 0 or 1.

    Args:
        probability: A discriminator's output, each value in `[0, 1]`.

    Returns:
        float32 tensor of the same shape.
    """
    logits = _sigmoid_input(probability)
    if logits is not None:
        return tf.reshape(tf.cast(logits, "float32"), tf.shape(probability))
    smallest = tf.constant(1e-37, "float32")
    largest = tf.constant(1.0 - 2.0**-24, "float32")
    probability = tf.clip_by_value(tf.cast(probability, "float32"), smallest, largest)
    return tf.math.log(probability) - tf.math.log1p(-probability)


def ends_in_sigmoid(
    function: Callable[..., Any], specifications: Sequence[keras.KerasTensor]
) -> bool:
    """Tells whether the last operation of a function is a sigmoid, by tracing it once.

    Args:
        function: Takes one tensor for each specification and returns one tensor.
        specifications: Shapes and dtypes of the arguments.

    Returns:
        Whether the result is a sigmoid's, looking through casts and reshapes.
    """
    found: list[bool] = []

    @tf.function(autograph=False)
    def probe(*arguments: Any) -> Any:
        output = function(*arguments)
        found.append(_sigmoid_input(output) is not None)
        return output

    probe.get_concrete_function(*(tf.TensorSpec(item.shape, item.dtype) for item in specifications))
    return found[-1]
