"""Graphs of functions that are called many times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf


def compiled(
    function: Callable[..., Any], inputs: Sequence[keras.KerasTensor] | None = None
) -> Callable[..., Any]:
    """Returns a function as a graph. It is built at its first call, and is faster from then on.

    Args:
        function: Reads and assigns variables that exist already, and returns tensors.
        inputs: The specifications of its arguments. With them, batches of all sizes share one graph. Defaults
            to `None`: a function without arguments.
    """
    signature = None
    if inputs is not None:
        signature = [tf.TensorSpec(item.shape, item.dtype) for item in inputs]
    graph: Callable[..., Any] = tf.function(function, input_signature=signature, autograph=False)
    return graph
