"""Class labels as vectors."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops


def class_embedding(
    label: Any,
    number_of_classes: int,
    size: int,
    initializer: Any = "glorot_uniform",
    constraint: Any = None,
    spectral: bool = False,
) -> Any:
    """Returns a learned vector for each integer label, of shape `(batch, size)`."""
    if not spectral:
        return layers.Embedding(
            number_of_classes,
            size,
            embeddings_initializer=initializer,
            embeddings_constraint=constraint,
        )(label)
    # Keras's wrapper would cast the vectors of an Embedding to the integer dtype of the labels, and so to
    # zeros. A Dense layer without bias on one-hot labels is the same map.
    layer = layers.Dense(
        size, use_bias=False, kernel_initializer=initializer, kernel_constraint=constraint
    )
    one_hot = ops.one_hot(label, number_of_classes, dtype=keras.config.floatx())
    return layers.SpectralNormalization(layer)(one_hot)
