from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras


@dataclass(frozen=True)
class Signature:
    """One use of a model, as an export has it.

    Attributes:
        function: Takes tensors by the names of `inputs`, and returns tensors by name. What is called
            `samples` on either side is in the model's own units: an export may put the data's in their place.
        inputs: The shape and dtype of each input; the first axis of a batch is free.
    """

    function: Callable[..., Mapping[str, Any]]
    inputs: Mapping[str, keras.KerasTensor]
