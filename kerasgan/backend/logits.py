"""Finds the value a trailing sigmoid was applied to, so that no loss goes through it twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

# Operations that hand a sigmoid's values on one by one in their order, perhaps in another shape or precision.
_PASSING = {"Identity", "Cast", "Reshape", "Squeeze", "ExpandDims", "CheckNumerics", "EnsureShape"}
# Operations that choose, reorder or average values: of probabilities, they make probabilities.
_MIXING = {
    "StridedSlice",
    "Slice",
    "GatherV2",
    "Transpose",
    "StopGradient",
    "Max",
    "Min",
    "Mean",
} | {f"{kind}Pool{rank}" for kind in ("Avg", "Max") for rank in ("", "3D")}
_JOINING = {"ConcatV2", "Pack"}
_CALLS = {"PartitionedCall", "StatefulPartitionedCall"}


def logits_of(probability: Any) -> Any:
    """Returns the logit of the probabilities that a network's last sigmoid gave.

    Where a graph shows the sigmoid, with at most casts and reshapes after it, this is its exact input (so it
    is in a compiled step). Elsewhere (after a mean over patches, a slice, a transposition, or inside a
    `tf.function` that the network calls) the inverse is computed from the two logarithms: exact until the
    probability rounds to 0 or 1, and constant, without a gradient, from there on.

    Args:
        probability: The output of a discriminator for which `ends_in_sigmoid` holds, each value in `[0, 1]`.

    Returns:
        float32 tensor of the same shape.
    """
    logits = _sigmoid_input(probability)
    if logits is not None:
        return tf.reshape(tf.cast(logits, "float32"), tf.shape(probability))
    smallest = tf.constant(1e-37, "float32")
    largest = tf.constant(1.0 - 2.0**-24, "float32")
    probability = tf.clip_by_value(tf.cast(probability, "float32"), smallest, largest)
    return tf.math.log(probability) - tf.math.log1p(-probability)


def _sigmoid_input(tensor: Any) -> Any | None:
    if not tf.is_symbolic_tensor(tensor):
        # Keras leaves the note on an eager tensor that a sigmoid or a softmax made; in a graph the
        # operation's type tells the two apart.
        return getattr(tensor, "_keras_logits", None)
    operation = tensor.op
    while operation.type in _PASSING:
        operation = operation.inputs[0].op
    return operation.inputs[0] if operation.type == "Sigmoid" else None


def ends_in_sigmoid(
    function: Callable[..., Any], specifications: Sequence[keras.KerasTensor]
) -> bool:
    """Tells whether the values of a function are a sigmoid's, by tracing it once.

    It looks through casts and reshapes, slices and transpositions, joints, means and pooling, and into a
    `tf.function` that the function calls. A sigmoid in a branch or a loop of the graph is not seen, nor one
    written in other operations, such as `1 / (1 + exp(-x))`.

    Args:
        function: Takes one tensor for each specification and returns one tensor.
        specifications: Shapes and dtypes of the arguments.

    Returns:
        Whether each value of the result is one value of a sigmoid, or a mean of several.
    """
    # Without autograph, a failure in the function shows the user's own lines.
    traced = tf.function(function, autograph=False).get_concrete_function(
        *(tf.TensorSpec(item.shape, item.dtype) for item in specifications)
    )
    library = {item.signature.name: item for item in traced.graph.as_graph_def().library.function}
    return _returns_sigmoid(traced.function_def, 0, library)


def _returns_sigmoid(definition: Any, index: int, library: dict[str, Any]) -> bool:
    """Tells whether output `index` of a function's definition is a sigmoid's."""
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
        if node.op in _PASSING | _MIXING:
            return is_sigmoid(inputs[0])
        return bool(node.op == "Sigmoid")

    return is_sigmoid(definition.ret[definition.signature.output_arg[index].name])
