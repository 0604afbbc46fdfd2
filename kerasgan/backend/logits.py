"""Finds the value that a last sigmoid was applied to, so that no loss applies a sigmoid twice.

Between a sigmoid and a discriminator's output there may be operations that pass its values on, choose,
reorder or average them. `logits_of` does the same with the logits as these do with the probabilities. A graph
holds the operations. For an eager call, `recorded_operations` keeps them.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import keras
import tensorflow as tf
from tensorflow.python.framework import op_callbacks

from kerasgan.precision import full_precision

# Operations that pass values on one by one and in order, perhaps in another precision or shape.
_SAME = {"Identity", "Cast", "CheckNumerics", "EnsureShape"}
_SHAPING = {"Reshape", "Squeeze", "ExpandDims"}
# Operations that choose or reorder values, by the names of their inputs. They include the maximum and the
# minimum, because a sigmoid is increasing.
_CHOOSING = {
    "BroadcastTo": ("input", "shape"),
    "GatherV2": ("params", "indices", "axis"),
    "Max": ("input", "axis"),
    "MaxPool": ("input",),
    "MaxPool3D": ("input",),
    "Min": ("input", "axis"),
    "ReverseV2": ("tensor", "axis"),
    "Slice": ("input", "begin", "size"),
    "StopGradient": ("input",),
    "StridedSlice": ("input", "begin", "end", "strides"),
    "Tile": ("input", "multiples"),
    "Transpose": ("x", "perm"),
}
_ATTRIBUTES = {
    "GatherV2": ("batch_dims",),
    "Max": ("keep_dims",),
    "MaxPool": ("ksize", "strides", "padding", "data_format", "explicit_paddings"),
    "MaxPool3D": ("ksize", "strides", "padding", "data_format"),
    "Min": ("keep_dims",),
    "StridedSlice": (
        "begin_mask",
        "end_mask",
        "ellipsis_mask",
        "new_axis_mask",
        "shrink_axis_mask",
    ),
}
# Operations that average. The average of probabilities is a probability.
_AVERAGING = {"Mean", "AvgPool", "AvgPool3D"}
_JOINING = {"ConcatV2", "Pack"}
_KEEPING = _SAME | _SHAPING | set(_CHOOSING) | _AVERAGING
_CALLS = {"PartitionedCall", "StatefulPartitionedCall"}

# Below this probability the slope of the inverse is limited. Otherwise its own slope would not be finite in
# float32.
_LEAST_SLOPED = 1e-16


def logits_of(probability: Any) -> Any:
    """Returns the logits of the probabilities that a network's last sigmoid returned.

    In a graph, and inside `recorded_operations`, they are computed from the sigmoid's exact input, even where
    the sigmoid is flat. All operations on the probabilities are applied to the logits: casts, reshapes,
    slices, permutations, concatenations, maximum and minimum, and averages. The logit of an average of
    probabilities is `logsumexp(log_sigmoid(l)) - logsumexp(log_sigmoid(-l))`.

    Sometimes the sigmoid cannot be seen: it is inside a `tf.function` that the network calls, or the argument
    is only an array of probabilities. Then the inverse is computed. It is exact until the probability rounds
    to 0 or 1. Its derivatives are finite everywhere. They are right for probabilities of at least 1e-16, and
    go to 0 below.

    Args:
        probability: The output of a discriminator for which `ends_in_sigmoid` holds, each value in `[0, 1]`.

    Returns:
        Tensor of the same shape, in full precision.
    """
    probability = tf.convert_to_tensor(probability)
    logits = _traced_logits(probability)
    if logits is not None:
        return logits
    return _inverse(tf.cast(probability, full_precision()))


@contextlib.contextmanager
def recorded_operations() -> Iterator[None]:
    """Makes eager tensors remember the operations that made them, like tensors of a graph."""
    if not tf.executing_eagerly():
        yield
        return
    op_callbacks.add_op_callback(_record)
    try:
        yield
    finally:
        op_callbacks.remove_op_callback(_record)


class _Operation(NamedTuple):
    """An operation of a graph, or one that was recorded."""

    kind: str
    inputs: Sequence[Any]
    attribute: Callable[[str], Any]


def _record(
    op_type: Any,
    inputs: Any,
    attrs: Any,
    outputs: Any,
    op_name: str | None = None,
    graph: Any = None,
) -> None:
    """Records an operation. TensorFlow calls this after each one, with these argument names."""
    if graph is not None:
        return
    kind = op_type.decode() if isinstance(op_type, bytes) else op_type
    if kind == "Sigmoid" or kind in _KEEPING | _JOINING:
        known = dict(zip(attrs[::2], attrs[1::2], strict=True))
        outputs[0]._kerasgan_operation = _Operation(kind, inputs, known.get)


def _origin(tensor: Any) -> _Operation | None:
    if not tf.is_symbolic_tensor(tensor):
        return getattr(tensor, "_kerasgan_operation", None)
    operation = tensor.op
    known = operation.node_def.attr
    return _Operation(
        operation.type,
        operation.inputs,
        lambda name: operation.get_attr(name) if name in known else None,
    )


def _traced_logits(tensor: Any) -> Any | None:
    """Returns the logits of probabilities from the sigmoid's input; `None` if that cannot be seen."""
    operation = _origin(tensor)
    if operation is None:
        return None
    kind, inputs, attribute = operation
    if kind == "Sigmoid":
        return tf.cast(inputs[0], full_precision())
    if kind in _JOINING:
        parts = [_traced_logits(item) for item in inputs if item.dtype.is_floating]
        if any(part is None for part in parts):
            return None
        if kind == "Pack":
            return tf.stack(parts, axis=attribute("axis") or 0)
        return tf.concat(parts, axis=inputs[-1])
    logits = _traced_logits(inputs[0]) if kind in _KEEPING and tensor.dtype.is_floating else None
    if logits is None:
        return None
    if kind in _SHAPING:
        logits = tf.reshape(logits, tf.shape(tensor))
    elif kind in _CHOOSING:
        rest = dict(zip(_CHOOSING[kind], (logits, *inputs[1:]), strict=True))
        given = {name: attribute(name) for name in _ATTRIBUTES.get(kind, ())}
        given = {name: value for name, value in given.items() if value is not None}
        logits = getattr(tf.raw_ops, kind)(**rest, **given)
    elif kind == "Mean":
        keeps = bool(attribute("keep_dims"))
        logits = _logit_of_mean(lambda x: tf.reduce_logsumexp(x, inputs[1], keepdims=keeps), logits)
    elif kind in _AVERAGING:
        logits = _logit_of_mean(lambda x: _logsumexp_of_windows(x, attribute), logits)
    logits.set_shape(tensor.shape)
    return logits


def _logit_of_mean(logsumexp: Callable[[Any], Any], logits: Any) -> Any:
    """Returns the logit of the mean of probabilities. Their number cancels out."""
    return logsumexp(tf.math.log_sigmoid(logits)) - logsumexp(tf.math.log_sigmoid(-logits))


def _logsumexp_of_windows(values: Any, attribute: Callable[[str], Any]) -> Any:
    """Returns the logarithm of the summed exponentials of each window of a pooling."""
    sizes, strides = attribute("ksize"), attribute("strides")
    same = attribute("padding") in ("SAME", b"SAME")
    before, counts = [], []
    after = []
    for extent, size, stride in zip(tf.unstack(tf.shape(values)), sizes, strides, strict=True):
        count = -(-extent // stride) if same else (extent - size) // stride + 1
        missing = tf.maximum((count - 1) * stride + size - extent, 0) if same else 0
        before.append(missing // 2)
        after.append(missing - missing // 2)
        counts.append(count)
    # The padding outside the image does not count in any window.
    least = values.dtype.min
    padded = tf.pad(values, tf.stack([before, after], axis=1), constant_values=least)
    windows = [
        padded[
            tuple(
                slice(start, start + (count - 1) * stride + 1, stride)
                for start, count, stride in zip(starts, counts, strides, strict=True)
            )
        ]
        for starts in itertools.product(*(range(size) for size in sizes))
    ]
    return tf.reduce_logsumexp(tf.stack(windows), axis=0)


@tf.custom_gradient
def _inverse(probability: Any) -> tuple[Any, Callable[[Any], Any]]:
    """Returns the logits of probabilities by the inverse of the sigmoid, without its input."""
    below_one = 1.0 - 2.0**-24

    def gradient(upstream: Any) -> Any:
        sloped = tf.clip_by_value(probability, _LEAST_SLOPED, below_one)
        return upstream / (sloped * (1.0 - sloped))

    inside = tf.clip_by_value(probability, 1e-37, below_one)
    return tf.math.log(inside) - tf.math.log1p(-inside), gradient


def ends_in_sigmoid(
    function: Callable[..., Any], specifications: Sequence[keras.KerasTensor]
) -> bool:
    """Tells whether the values of a function come from a sigmoid, by tracing the function once.

    It follows casts and reshapes, slices and transpositions, concatenations, means and pooling, and a
    `tf.function` that the function calls. It does not find a sigmoid in a branch or a loop of the graph, or
    one made of other operations, such as `1 / (1 + exp(-x))`.

    Args:
        function: Takes one tensor for each specification and returns one tensor.
        specifications: Shapes and dtypes of the arguments.

    Returns:
        Whether each value of the result is one value of a sigmoid, or a mean of several.
    """
    # Without autograph, an error in the function shows the user's own lines.
    traced = tf.function(function, autograph=False).get_concrete_function(
        *(tf.TensorSpec(item.shape, item.dtype) for item in specifications)
    )
    library = {item.signature.name: item for item in traced.graph.as_graph_def().library.function}
    return _returns_sigmoid(traced.function_def, 0, library)


def _returns_sigmoid(definition: Any, index: int, library: dict[str, Any]) -> bool:
    """Tells whether output `index` of a function's definition comes from a sigmoid."""
    nodes = {node.name: node for node in definition.node_def}

    def is_sigmoid(source: str) -> bool:
        name, *output = source.split(":")  # "node:output:number", or an argument's name alone
        node = nodes.get(name)
        if node is None:
            return False
        inputs = [source for source in node.input if not source.startswith("^")]
        if node.op in _CALLS:
            return _returns_sigmoid(library[node.attr["f"].func.name], int(output[1]), library)
        if node.op in _JOINING:
            return all(is_sigmoid(source) for source in inputs[: node.attr["N"].i])
        if node.op in _KEEPING:
            return is_sigmoid(inputs[0])
        return bool(node.op == "Sigmoid")

    return is_sigmoid(definition.ret[definition.signature.output_arg[index].name])
