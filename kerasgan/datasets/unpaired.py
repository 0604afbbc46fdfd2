"""Examples of two domains, of which none belongs to another."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from kerasgan.arguments import positive_integer
from kerasgan.datasets._arrays import float32_array
from kerasgan.datasets._orders import random_orders


def unpaired(a: Any, b: Any, batch_size: int, seed: int | None = None) -> tf.data.Dataset:
    """Returns minibatches of two sets of examples, each in a random order of its own.

    An epoch is one pass over the larger set, without the examples that do not fill its last minibatch; the
    smaller one is passed over as often as it takes, in a new order each time. So what lies side by side in
    a minibatch has met by chance, and meets others in the next epoch.

    Args:
        a: Examples of one domain, `(count, ...)`.
        b: Examples of the other; their number and their shape may be others.
        batch_size: Positive integer, how many of each are in a minibatch; at most the larger count.
        seed: Seed of the orders, which a run that is to be resumed needs. Defaults to `None`.

    Returns:
        A `tf.data.Dataset` of `(a, b)`, float32, for `fit` of a `kerasgan.CycleGAN`.

    Raises:
        ValueError: If an array is empty or holds NaN, or `batch_size` is out of range.

    Example:

    >>> batches = unpaired(np.zeros((10, 2)), np.ones((7, 3)), batch_size=4, seed=0)
    >>> [(tuple(a.shape), tuple(b.shape)) for a, b in batches]
    [((4, 2), (4, 3)), ((4, 2), (4, 3))]
    """
    batch_size = positive_integer("batch_size", batch_size)
    arrays = [float32_array(name, values) for name, values in (("a", a), ("b", b))]
    longest = max(map(len, arrays))
    if batch_size > longest:
        raise ValueError(
            f"Invalid value for argument `batch_size`. Expected at most {longest}, the examples of the "
            f"larger set. Received: batch_size={batch_size}"
        )
    # One seed for both would pair the examples of two sets of the same size.
    seeds = (
        [None, None] if seed is None else np.random.SeedSequence(seed).generate_state(2).tolist()
    )
    batches = longest // batch_size
    orders = [
        random_orders(len(array), -(-batches * batch_size // len(array)), each).batch(batch_size)
        for array, each in zip(arrays, seeds, strict=True)
    ]
    # Indices flow, and not examples: these are in memory once.
    examples = [tf.constant(array) for array in arrays]
    return (
        tf.data.Dataset.zip(tuple(orders))
        .take(batches)
        .map(lambda *rows: tuple(map(tf.gather, examples, rows)))
    )
