from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from kerasgan.arguments import invalid, positive_integer
from kerasgan.arrays import check_array
from kerasgan.latent.picture import Picture
from kerasgan.metrics import extractors
from kerasgan.metrics.neighbors import squared_distances


class Neighbors(NamedTuple):
    """What `nearest_neighbors` found, the nearest first.

    Attributes:
        indices: Where in the training examples each sample's neighbors are, `(count, neighbors)`.
        distances: Their Euclidean distances, `(count, neighbors)`.
    """

    indices: np.ndarray
    distances: np.ndarray


def nearest_neighbors(
    samples: Any,
    training: Any,
    neighbors: int = 5,
    features: Any = None,
    batch_size: int = 256,
    path: str | os.PathLike[str] | None = None,
    **drawing: Any,
) -> Neighbors:
    """Finds the training examples nearest to samples, so that you can see whether a generator copies.

    The training examples are read `batch_size` at a time. So neither all their features nor a matrix of all
    distances has to fit in memory. Of equally distant examples, the first in the data counts as the nearer.

    Args:
        samples: Generated samples `(count, *sample_shape)`.
        training: Training examples `(examples, *sample_shape)`, an array or a memory map.
        neighbors: How many for each sample. Defaults to 5.
        features: The features in which distances are measured, as in the metrics: a `keras.Model`, a function
            of a batch, or what `kerasgan.metrics.classifier_features` and `inception_v3` return. Defaults to
            `None`, the samples themselves. A copy that is moved by one pixel is far away in pixels, but near
            in good features.
        batch_size: How many examples to take at once. Defaults to 256.
        path: A picture to write: in each row a sample, then its neighbors. Defaults to `None`.
        **drawing: `value_range`, `scale`, `padding` and `kind` of `kerasgan.callbacks.image_grid`.

    Returns:
        `Neighbors`, which is the tuple `(indices, distances)`.

    Raises:
        TypeError: If `features` is none of these.
        ValueError: If samples and examples differ in shape, values or features are not finite, there are
            fewer examples than `neighbors`, or the samples cannot be drawn.

    Example:

    >>> found = kerasgan.latent.nearest_neighbors([[0.2]], [[3.0], [0.0], [1.0]], neighbors=2)
    >>> found.indices.tolist(), found.distances.round(6).tolist()
    ([[1, 2]], [[0.2, 0.8]])
    """
    samples, training = np.asarray(samples), np.asanyarray(training)
    if samples.ndim < 2 or not len(samples):
        raise ValueError(
            "Invalid value for argument `samples`. Expected an array of shape (count, ...). Received: shape "
            f"{samples.shape}"
        )
    check_array("samples", samples, None)
    check_array("training", training, samples.shape[1:])
    neighbors = positive_integer("neighbors", neighbors)
    if neighbors > len(training):
        raise invalid("neighbors", neighbors, f"at most the {len(training)} training examples")
    batch_size = positive_integer("batch_size", batch_size)
    extractor = extractors.get(features)
    picture = Picture(path, samples.shape[1:], drawing)

    described = np.concatenate(list(_features("samples", extractor, samples, batch_size)))
    count, first = len(samples), 0
    nearest, indices = np.empty((count, 0)), np.empty((count, 0), "int64")
    for batch in _features("training", extractor, training, batch_size):
        for distances in squared_distances(batch, described):
            rows = np.arange(first, first + len(distances))
            first += len(distances)
            candidates = np.concatenate([nearest, distances.T], axis=1)
            numbers = np.concatenate([indices, np.tile(rows, (count, 1))], axis=1)
            order = np.argsort(candidates, axis=1, kind="stable")[:, :neighbors]
            nearest = np.take_along_axis(candidates, order, axis=1)
            indices = np.take_along_axis(numbers, order, axis=1)

    if path is not None:
        picture.write(np.concatenate([samples[:, None], training[indices]], axis=1))
    return Neighbors(indices, np.sqrt(nearest))


def _features(
    argument: str, extractor: extractors.Extractor, samples: np.ndarray, batch_size: int
) -> Iterator[np.ndarray]:
    for start in range(0, len(samples), batch_size):
        # Cast as a model casts what it is given.
        batch = ops.cast(samples[start : start + batch_size], keras.config.floatx())
        features = ops.convert_to_numpy(extractor(batch))
        if not np.all(np.isfinite(features)):
            raise ValueError(
                f"Invalid value for argument `{argument}`. Expected finite features. Received: NaN or "
                f"infinite features of examples from {start} on"
            )
        yield features
