from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras


@dataclass(frozen=True)
class Signature:
    """One function of a model, as it is exported.

    Attributes:
        function: Takes tensors by the names of `inputs`, and returns tensors by name. Inputs and outputs
            called `samples` are normalized, as the model sees them. An export with a normalization replaces
            them by samples in the units of the data.
        inputs: The shape and dtype of each input; the first axis of a batch is free.
    """

    function: Callable[..., Mapping[str, Any]]
    inputs: Mapping[str, keras.KerasTensor]
