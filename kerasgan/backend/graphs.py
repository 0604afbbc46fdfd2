"""Functions that are called many times, as graphs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf


def compiled(function: Callable[[], Any]) -> Callable[[], Any]:
    """Returns a function of no arguments as a graph: built at its first call, and faster from then on.

    Args:
        function: Reads and assigns variables that exist already, and returns tensors.
    """
    graph: Callable[[], Any] = tf.function(function, autograph=False)
    return graph
