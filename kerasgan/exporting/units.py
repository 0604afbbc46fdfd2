"""Signatures whose samples are in the units of the data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from kerasgan.datasets.normalization import Normalization, check_fitted
from kerasgan.exporting.signature import Signature


def in_units_of_data(
    uses: Mapping[str, Signature], normalization: Normalization, images: bool | None
) -> dict[str, Signature]:
    """Returns signatures that take and return samples in the units of the data.

    Args:
        uses: The signatures, whose samples are normalized.
        normalization: The normalization of the data.
        images: Whether samples are images from 0 to 255, in uint8. `None` follows the normalization's
            `images`.

    Raises:
        TypeError: If `normalization` is no `Normalization`.
        ValueError: If it is not fitted.
    """
    check_fitted(normalization)
    if images is None:
        images = normalization.images

    def data_of(samples: Any) -> Any:
        data = normalization.invert(samples)
        return ops.cast(ops.clip(ops.round(data), 0, 255), "uint8") if images else data

    def convert(use: Signature) -> Signature:
        def function(**tensors: Any) -> dict[str, Any]:
            if "samples" in tensors:
                tensors["samples"] = normalization(tensors["samples"])
            outputs = dict(use.function(**tensors))
            if "samples" in outputs:
                outputs["samples"] = data_of(outputs["samples"])
            return outputs

        inputs = dict(use.inputs)
        if "samples" in inputs:
            dtype = "uint8" if images else normalization.dtype
            inputs["samples"] = keras.KerasTensor(inputs["samples"].shape, dtype)
        return Signature(function, inputs)

    return {name: convert(use) for name, use in uses.items()}
