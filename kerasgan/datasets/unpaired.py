"""Examples of two domains, without pairs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from kerasgan.arguments import positive_integer
from kerasgan.datasets._arrays import float32_array
from kerasgan.datasets._orders import random_keys, random_orders
from kerasgan.datasets.image_stream import ImageStream


def unpaired(
    a: Any,
    b: Any,
    batch_size: int,
    seed: int | None = None,
    *,
    normalize: bool = True,
) -> tf.data.Dataset:
    """Returns minibatches of two sets of examples, each in a random order of its own.

    An epoch is one pass over the larger set, without the examples that do not fill its last minibatch. The
    smaller set is repeated as often as needed, in a new order each time. So examples are side by side in a
    minibatch only by chance, and each epoch mixes them again.

    Args:
        a: Examples of one domain, `(count, ...)`, or an `ImageStream`.
        b: Examples of the other domain, or an `ImageStream`. Their number and shape may differ from those of
            `a`.
        batch_size: Positive integer, how many of each are in a minibatch. At most the size of the larger set.
        seed: Seed of the orders. Pass one if you want to resume the run. Defaults to `None`.
        normalize: As in `ImageStream.batches`, for streams. Defaults to `True`.

    Returns:
        A `tf.data.Dataset` of `(a, b)` for `fit` of a `kerasgan.CycleGAN`. It is float32, unless streams are
        not normalized.

    Raises:
        ValueError: If an array is empty or holds NaN, or `batch_size` is out of range.

    Example:

    >>> batches = unpaired(np.zeros((10, 2)), np.ones((7, 3)), batch_size=4, seed=0)
    >>> [(tuple(a.shape), tuple(b.shape)) for a, b in batches]
    [((4, 2), (4, 3)), ((4, 2), (4, 3))]
    """
    batch_size = positive_integer("batch_size", batch_size)
    sides = [
        values if isinstance(values, ImageStream) else float32_array(name, values)
        for name, values in (("a", a), ("b", b))
    ]
    longest = max(map(len, sides))
    if batch_size > longest:
        raise ValueError(
            f"Invalid value for argument `batch_size`. Expected at most {longest}, the examples of the "
            f"larger set. Received: batch_size={batch_size}"
        )
    # One seed for both would pair the examples of two sets of the same size.
    seeds = [None] * 3 if seed is None else np.random.SeedSequence(seed).generate_state(3).tolist()
    batches = longest // batch_size
    orders = [
        random_orders(len(side), -(-batches * batch_size // len(side)), each).batch(batch_size)
        for side, each in zip(sides, seeds[:2], strict=True)
    ]
    keys = random_keys(seeds[2])
    readers = [_reader(side, normalize) for side in sides]

    @tf.autograph.experimental.do_not_convert
    def read(key: tf.Tensor, *rows: tf.Tensor) -> tuple[Any, ...]:
        return tuple(
            reader(chosen, tf.stack([key, side]))
            for side, (reader, chosen) in enumerate(zip(readers, rows, strict=True))
        )

    data = tf.data.Dataset.zip((keys, *orders)).take(batches)
    return data.map(read, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)


def _reader(side: Any, normalize: bool) -> Callable[[tf.Tensor, tf.Tensor], Any]:
    """Returns a function of the numbers of examples and of a seed for what is random in reading them."""
    if isinstance(side, ImageStream):
        return side.reader(normalize, random=True)
    # Indices flow, and not examples: these are in memory once.
    examples = tf.constant(side)
    return lambda rows, seed: tf.gather(examples, rows)
