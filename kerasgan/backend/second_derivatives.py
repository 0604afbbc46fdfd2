"""Derivatives of gradients: finds those that TensorFlow computes wrongly, or does not have.

A gradient penalty differentiates a gradient. TensorFlow stops the gradient of the mean inside its moments.
That is right for first derivatives only. `registered_gradients` repairs other operations. What it cannot
repair is found here, in a graph.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import tensorflow as tf

from kerasgan.backend.registered_gradients import GRADIENTS

_NO_SECOND = "TensorFlow cannot differentiate its gradient"
_APPROXIMATE = "TensorFlow's gradient of it is an approximation"
_NO_FIRST = "TensorFlow cannot differentiate it"
_STALE = (
    "a `tf.function` was called before and holds first derivatives only; call it outside of one"
)
_UNRELIABLE = {
    "FakeQuantWithMinMaxArgsGradient": _NO_SECOND,
    "FakeQuantWithMinMaxVarsGradient": _NO_SECOND,
    "FakeQuantWithMinMaxVarsPerChannelGradient": _NO_SECOND,
    "HSVToRGB": _NO_FIRST,
    "ImageProjectiveTransformV2": _APPROXIMATE,
}
_CALLS = {
    f"{state}{kind}"
    for state, kind in itertools.product(
        ("", "Stateful", "Stateless"), ("PartitionedCall", "Case", "If", "While")
    )
}
_GRADIENT_TYPE = re.compile(r"Grad(V\d)?$|Gradient|Backprop")
_INNER_MEAN = re.compile(r"(^|/)moments(_\d+)?/StopGradient(_\d+)?$")


def _exact_moments(
    x: Any, axes: Any, shift: Any = None, keepdims: bool = False, name: str | None = None
) -> tuple[Any, Any]:
    """Returns the same as `tf.nn.moments`, with correct derivatives of every order."""
    x = tf.convert_to_tensor(x)
    with tf.name_scope(name or "moments"):
        wide = tf.cast(x, "float32") if x.dtype == tf.float16 else x
        mean = tf.reduce_mean(wide, axes, keepdims=True)
        variance = tf.reduce_mean(tf.math.squared_difference(wide, mean), axes, keepdims=True)
        if not keepdims:
            mean, variance = tf.squeeze(mean, axes), tf.squeeze(variance, axes)
        return tf.cast(mean, x.dtype), tf.cast(variance, x.dtype)


_lock = threading.Lock()
_open_scopes = 0
_moments = tf.nn.moments


@contextlib.contextmanager
def exact_moments() -> Iterator[None]:
    """Makes `tf.nn.moments`, and so Keras's normalization layers, differentiable more than once.

    The values do not change. Other threads may be affected too, but their first derivatives stay right.
    """
    global _moments, _open_scopes
    with _lock:
        if _open_scopes == 0:
            _moments, tf.nn.moments = tf.nn.moments, _exact_moments
        _open_scopes += 1
    try:
        yield
    finally:
        with _lock:
            _open_scopes -= 1
            if _open_scopes == 0:
                tf.nn.moments = _moments


def undifferentiable_operations(value: Any, inputs: Sequence[Any]) -> list[tuple[str, str, str]]:
    """Lists the operations that would make the gradient of a function of gradients wrong.

    Only a graph shows them. For an eager value, or a value that is made without a gradient, the list is
    empty.

    Args:
        value: The result of a function of a gradient, such as a penalty, in a graph.
        inputs: The tensors that the value depends on, besides variables.

    Returns:
        For each operation: its name in the graph, which contains the names of its layers; its type; and what
        is wrong with it.
    """
    if not tf.is_symbolic_tensor(value):
        return []
    operations = _operations_before(value)
    called = {item.name: _called(item.node_def) for item in operations if item.type in _CALLS}
    functions = [name for names in called.values() for name in names]
    if not any("gradient_tape/" in item.name for item in operations) and not any(
        "__backward_" in name for name in functions
    ):
        return []
    library = _library(value.graph) if functions else {}
    found, reached = [], {item.ref() for item in inputs}
    for operation in operations:
        if operation.type != "ReadVariableOp" and reached.isdisjoint(
            item.ref() for item in operation.inputs
        ):
            continue
        results = {item.ref() for item in operation.outputs if item.dtype.is_floating}
        if results:
            faults = [_fault(operation.type)]
            for name in called.get(operation.name, ()):
                faults += _inner_faults(name, library)
            found += [(operation.name, *fault) for fault in faults if fault]
        if not _is_constant(operation.type):
            reached |= results
    return found


def operations_without_gradient(error: LookupError) -> list[tuple[str, str, str]]:
    """Lists, in the same form, the operations of the present graph for which TensorFlow raised an error."""
    graph = tf.compat.v1.get_default_graph()
    found = [
        (operation.name, operation.type, _NO_FIRST)
        for operation in graph.get_operations()
        if re.search(rf"\b{operation.type}\b", str(error))
    ]
    return found or [("", str(error), _NO_FIRST)]


def check_connected(values: Any, inputs: Any) -> None:
    """Raises if values in a graph depend on inputs and TensorFlow has dropped the gradient on the way.

    Raises:
        LookupError: If there is an operation on the way that TensorFlow wrongly treats as constant.
    """
    if not tf.is_symbolic_tensor(values):
        return
    reached = {inputs.ref()}
    for operation in _operations_before(values):
        if not reached.isdisjoint(item.ref() for item in operation.inputs):
            if operation.type in _UNRELIABLE:
                raise LookupError(f"There is no gradient of {operation.type}")
            reached |= {item.ref() for item in operation.outputs if item.dtype.is_floating}


def _operations_before(value: Any) -> list[Any]:
    """Returns the operations that compute a tensor of a graph, in order."""
    waiting, seen = [value.op], {value.op.name}
    while waiting:
        for tensor in waiting.pop().inputs:
            if tensor.op.name not in seen:
                seen.add(tensor.op.name)
                waiting.append(tensor.op)
    return [operation for operation in value.graph.get_operations() if operation.name in seen]


def _is_constant(kind: str) -> bool:
    """Tells whether TensorFlow treats all operations of a type as constant."""
    return kind in GRADIENTS.list() and GRADIENTS.lookup(kind) is None


def _fault(kind: str) -> tuple[str, str] | None:
    """Returns a type of operations and what is wrong with it; `None` if nothing is."""
    if kind in _UNRELIABLE:
        return kind, _UNRELIABLE[kind]
    if _GRADIENT_TYPE.search(kind) and kind not in GRADIENTS.list():
        return kind, _NO_SECOND
    return None


def _inner_faults(name: str, library: dict[str, Any]) -> list[tuple[str, str] | None]:
    """Returns the faults of the operations in a function, and in those that it calls."""
    faults = []
    for node in library[name].node_def:
        stale = node.op == "StopGradient" and _INNER_MEAN.search(node.name)
        faults.append(("moments", _STALE) if stale else _fault(node.op))
        for each in _called(node) if node.op in _CALLS else ():
            faults += _inner_faults(each, library)
    return faults


def _called(node: Any) -> list[str]:
    """Returns the names of the functions that an operation calls."""
    single = [attribute.func.name for attribute in node.attr.values() if attribute.func.name]
    branches = [item.name for attribute in node.attr.values() for item in attribute.list.func]
    return single + branches


def _library(graph: Any) -> dict[str, Any]:
    return {item.signature.name: item for item in graph.as_graph_def().library.function}
