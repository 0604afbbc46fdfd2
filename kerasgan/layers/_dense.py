"""The dense maps inside layers."""

from __future__ import annotations

from typing import Any

import keras


def dense(
    inputs: int,
    outputs: int,
    initializer: Any,
    normalization: str | None,
    policy: Any,
    name: str,
    use_bias: bool = False,
) -> keras.layers.Layer:
    """Returns a built `keras.layers.Dense`, spectrally normalized if `normalization` is `"spectral"`."""
    layer: keras.layers.Layer = keras.layers.Dense(
        outputs,
        use_bias=use_bias,
        # A copy: one initializer object without a seed gives the same numbers each time.
        kernel_initializer=type(initializer).from_config(initializer.get_config()),
        dtype=policy,
        name=name,
    )
    if normalization == "spectral":
        layer = keras.layers.SpectralNormalization(layer, dtype=policy)
    layer.build((None, inputs))
    return layer
