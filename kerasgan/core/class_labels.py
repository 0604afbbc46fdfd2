"""Finds how many classes a network has room for, if it takes integer labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras
from keras import layers

from kerasgan.layers import ConditionalBatchNormalization, ProjectionHead
from kerasgan.part import IntegerRange

# Layers and operations of `keras.ops`, by name, that do not change integers.
_HANDED_ON = {"Cast", "ExpandDims", "Flatten", "Identity", "Permute", "Reshape", "Squeeze"}


def label_ranges(model: keras.Model, names: Sequence[str]) -> dict[str, IntegerRange]:
    """Returns the range of integers that each label input of a functional model takes.

    An input is a label if it goes into an `Embedding`, `ops.one_hot`, `CategoryEncoding` or a layer of this
    package that takes labels. For labels out of range, TensorFlow looks up zeros on a GPU, and raises an
    error on a CPU.

    Args:
        model: The model. If it is not functional, nothing can be found out.
        names: The names of all of its inputs, in order.
    """
    tensors = getattr(model, "inputs", None) or []
    ranges: dict[str, IntegerRange] = {}
    for name, tensor in zip(names, tensors, strict=False):
        classes = list(_classes(model, tensor))
        if classes:
            ranges[name] = IntegerRange(0, min(classes) - 1)
    return ranges


def _classes(model: Any, label: Any) -> Iterator[int]:
    """Follows a label through a model, and yields the number of classes of each layer that takes it."""
    labels = {id(label)}
    by_depth = getattr(model, "_nodes_by_depth", {})
    for node in (node for depth in sorted(by_depth, reverse=True) for node in by_depth[depth]):
        operation = node.operation
        places = [id(tensor) in labels for tensor in node.input_tensors]
        # A layer with several inputs takes labels as the last one.
        taken = _taken(operation) if places and places[-1] else None
        if taken is not None:
            yield taken
        elif any(places) and isinstance(operation, keras.Model):
            for inner, is_label in zip(operation.inputs or (), places, strict=False):
                if is_label:
                    yield from _classes(operation, inner)
        elif any(places) and type(operation).__name__ in _HANDED_ON:
            labels |= {id(tensor) for tensor in node.output_tensors}


def _taken(operation: Any) -> int | None:
    """Returns the number of classes of a layer or operation that takes labels."""
    if isinstance(operation, layers.Wrapper):
        return _taken(operation.layer)
    attributes: Mapping[Any, str] = {
        layers.Embedding: "input_dim",
        layers.CategoryEncoding: "num_tokens",
        ConditionalBatchNormalization: "number_of_classes",
        ProjectionHead: "number_of_classes",
    }
    for kind, attribute in attributes.items():
        if isinstance(operation, kind):
            return int(getattr(operation, attribute))
    return int(operation.num_classes) if type(operation).__name__ == "OneHot" else None
