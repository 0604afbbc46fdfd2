"""Minibatches for semi-supervised learning."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from kerasgan.arguments import counted, invalid, non_negative_integer, positive_integer
from kerasgan.datasets._arrays import finite_array, float32_array
from kerasgan.datasets._orders import random_orders


def keep_labels(y: Any, per_class: int, seed: int = 0) -> np.ndarray:
    """Keeps only a few labels of each class, and replaces the others with -1, unlabeled.

    Args:
        y: Integer labels `(count,)`.
        per_class: Positive integer, how many labels to keep of each class.
        seed: Seed of the choice. Defaults to `0`.

    Raises:
        ValueError: If `y` is no vector of integers from 0 upwards, or a class has fewer examples.

    Example:

    >>> keep_labels([0, 1, 0, 1, 1], per_class=1, seed=0).tolist()
    [-1, -1, 0, 1, -1]
    """
    labels = _labels(y)
    per_class = positive_integer("per_class", per_class)
    generator = np.random.default_rng(non_negative_integer("seed", seed))
    classes, counts = np.unique(labels, return_counts=True)
    if classes[0] < 0:
        raise invalid("y", int(classes[0]), "labels from 0 upwards")
    if counts.min() < per_class:
        raise invalid("per_class", per_class, f"at most {counts.min()}, the smallest class's size")
    kept = np.full_like(labels, -1)
    for label in classes:
        rows = generator.choice(np.flatnonzero(labels == label), per_class, replace=False)
        kept[rows] = label
    return kept


def partially_labeled(
    x: Any, y: Any, batch_size: int, labeled: int | None = None, seed: int = 0
) -> tf.data.Dataset:
    """Returns minibatches that all have labeled examples, even if there are only a few labels.

    Take 60,000 examples with 100 labels: only every sixth random minibatch of 100 would have a label. Here
    each minibatch has two parts:

    - The first part has labeled examples. They come from all labeled examples in a random order, and then in
      a new order when all are used.
    - The second part has examples with the label -1. They come from all of `x`. That includes the labeled
      examples, since these say as much about the data as the others.

    An epoch is one pass over `x` in the second part.

    Args:
        x: Examples `(count, ...)`.
        y: Integer labels `(count,)`, -1 for unlabeled.
        batch_size: Positive integer, the rows of a minibatch.
        labeled: How many of these are labeled, from 1 to `batch_size - 1`. Defaults to `None`, half.
        seed: Seed of the orders. Each epoch has new orders, and each run has the same ones. Defaults to `0`.

    Returns:
        A `tf.data.Dataset` of `(x, y)`.

    Raises:
        ValueError: If an argument is out of range, the lengths of `x` and `y` differ, nothing is labeled,
            or a minibatch has more unlabeled rows than `x`.

    Example:

    >>> x, y = np.arange(8.0)[:, None], np.array([0, 1, -1, -1, -1, -1, -1, -1])
    >>> for samples, labels in partially_labeled(x, y, batch_size=8).take(1):
    ...     print(sorted(labels.numpy().tolist()))
    [-1, -1, -1, -1, 0, 0, 1, 1]
    """
    x = finite_array("x", x)
    if x.dtype == np.float64:
        x = float32_array("x", x)
    y = _labels(y)
    batch_size = positive_integer("batch_size", batch_size)
    labeled = batch_size // 2 if labeled is None else positive_integer("labeled", labeled)
    unlabeled = batch_size - labeled
    if labeled < 1 or not 1 <= unlabeled <= len(x):
        expected = f"1 to {len(x)} rows beside the {labeled} labeled ones"
        raise invalid("batch_size", batch_size, expected)
    if len(y) != len(x):
        raise ValueError(
            f"Invalid value for argument `y`. Expected {counted(len(x), 'label')}, one for each example. "
            f"Received: {len(y)}"
        )
    known = np.flatnonzero(y >= 0)
    if not known.size:
        raise ValueError(
            "Invalid value for argument `y`. Expected at least one label from 0 upwards. Received: -1 alone"
        )
    samples, labels = tf.constant(x), tf.constant(y)

    def join(some: Any, others: Any) -> tuple[Any, Any]:
        some = tf.gather(known, some)
        return (
            tf.gather(samples, tf.concat([some, others], axis=0)),
            tf.concat([tf.gather(labels, some), tf.fill([unlabeled], -1)], axis=0),
        )

    # Indices flow, and not examples: these are in memory once.
    batches = len(x) // unlabeled
    orders = (
        random_orders(len(known), -(-batches * labeled // len(known)), seed + 1).batch(
            labeled, drop_remainder=True
        ),
        random_orders(len(x), 1, seed).batch(unlabeled, drop_remainder=True),
    )
    return tf.data.Dataset.zip(orders).take(batches).map(join).prefetch(tf.data.AUTOTUNE)


def _labels(y: Any) -> np.ndarray:
    labels = np.asarray(y)
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer) or not labels.size:
        raise ValueError(
            "Invalid value for argument `y`. Expected a vector of integer labels. "
            f"Received: an array of shape {labels.shape}, dtype {labels.dtype}"
        )
    if labels.min() < -1:
        raise invalid("y", int(labels.min()), "labels from 0 upwards, or -1 for unlabeled")
    return labels.astype(np.int32)
