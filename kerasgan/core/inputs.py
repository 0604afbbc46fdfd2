"""Reads from a sub-model, or works out with it, what shapes go in and come out."""

from __future__ import annotations

import contextlib
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgan.arguments import counted
from kerasgan.core.seeds import seeded


def check_model(argument: str, model: Any) -> keras.Model:
    """Returns a sub-model, or raises where it is not a `keras.Model`."""
    if not isinstance(model, keras.Model):
        raise TypeError(
            f"Invalid value for argument `{argument}`. Expected a `keras.Model`. "
            f"Received: {argument}={model!r} of type {type(model).__name__}"
        )
    return model


def input_specifications(argument: str, model: keras.Model) -> list[keras.KerasTensor]:
    """Returns the shape and dtype of each input of a built model.

    Raises:
        ValueError: If the model has not been built, so that it does not know its inputs.
    """
    inputs = getattr(model, "inputs", None)
    if inputs:
        return [keras.KerasTensor(item.shape, item.dtype) for item in inputs]
    shape = (model.get_build_config() or {}).get("input_shape") if model.built else None
    if shape is None:
        raise ValueError(
            f"Invalid value for argument `{argument}`. Expected a model that knows its input shape: call it "
            f"on an example once, or give it a `keras.Input`. Received: {model.name!r}, not built"
        )
    several = isinstance(shape[0], (list, tuple))
    return [
        keras.KerasTensor((None, *item[1:]), keras.config.floatx())
        for item in (shape if several else [shape])
    ]


def one_input(argument: str, model: keras.Model) -> keras.KerasTensor:
    """Returns the specification of the one input of a built model, or raises where it has several."""
    inputs = input_specifications(argument, model)
    if len(inputs) != 1:
        raise ValueError(
            f"Invalid value for argument `{argument}`. Expected a model with one input. "
            f"Received: {model.name!r} with {counted(len(inputs), 'input')}"
        )
    return inputs[0]


def output_specification(
    argument: str, model: keras.Model, inputs: Any, description: str, hint: str = ""
) -> keras.KerasTensor:
    """Calls a model on shapes alone, which also builds it.

    Args:
        argument: The argument that the model came in.
        model: The model.
        inputs: The specifications of its inputs.
        description: What the inputs are, for the error.
        hint: What else to say where it does not accept them. Defaults to nothing.

    Raises:
        ValueError: If the model does not accept such inputs, or gives other than one tensor.
    """
    shapes = keras.tree.map_structure(lambda item: tuple(item.shape), inputs)
    refused = (
        f"Invalid value for argument `{argument}`. Expected a model that accepts {description} of "
        f"shape {shapes}. Received: {model.name!r}, which takes "
        f"{getattr(model, 'input_shape', 'another shape')}"
    )
    if not _accepts(model, inputs):
        raise ValueError(f"{refused}{hint}")
    try:
        output = model(inputs, training=False)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{refused}{hint}: {error}") from error
    if not isinstance(output, keras.KerasTensor):
        raise ValueError(
            f"Invalid value for argument `{argument}`. Expected a model with one output. "
            f"Received: {model.name!r} with outputs {keras.tree.map_structure(type, output)}"
        )
    return keras.KerasTensor(output.shape, output.dtype)


def _accepts(model: keras.Model, inputs: Any) -> bool:
    """Tells whether inputs have the shapes that a model says it takes; Keras looks at no more than ranks."""
    declared = getattr(model, "inputs", None)
    given = keras.tree.flatten(inputs)
    if not declared or len(declared) != len(given):
        return True
    return all(
        _can_be(tuple(one.shape), tuple(other.shape))
        for one, other in zip(given, declared, strict=True)
    )


def _can_be(received: tuple[int | None, ...], expected: tuple[int | None, ...]) -> bool:
    """Tells whether Keras takes one shape for another: it adds and removes a last axis of 1."""
    longer, shorter = sorted((received, expected), key=len, reverse=True)
    if len(longer) == len(shorter) + 1 and longer[-1] in (1, None):
        longer = longer[:-1]
    return len(longer) == len(shorter) and all(
        a is None or b is None or a == b for a, b in zip(longer, shorter, strict=True)
    )


def swapped_hint(generator: keras.Model, discriminator: keras.Model) -> str:
    """Returns what to say of a generator and a discriminator that fit each other the other way round."""
    made, taken = getattr(discriminator, "outputs", None), getattr(generator, "inputs", None)
    if not made or not taken or not _can_be(tuple(made[0].shape), tuple(taken[0].shape)):
        return ""
    return (
        f". The two seem to be swapped: {discriminator.name!r} makes what {generator.name!r} takes"
    )


def conditioned(samples: Any, condition: Any) -> Any:
    """Returns what a sub-model takes: the samples, with their conditions where there are any."""
    return samples if condition is None else [samples, condition]


def predict(
    model: keras.Model, inputs: Any, batch_size: int, seed: int | None = None
) -> np.ndarray:
    """Returns what a sub-model makes of its inputs, in Keras's float type whatever it computes in.

    Args:
        model: The sub-model.
        inputs: Arrays for its inputs.
        batch_size: How many rows to take at once.
        seed: What its own noise, if it has any, is drawn from. `None` (the default) goes on as it is.
    """
    with contextlib.nullcontext() if seed is None else seeded([model], seed):
        outputs = predict_structure(model, inputs, batch_size)
    return outputs.astype(keras.config.floatx(), copy=False)


def predict_structure(model: keras.Model, inputs: Any, batch_size: int) -> Any:
    """Returns what `model.predict` does, also of no rows, of which Keras knows nothing to return."""
    if len(keras.tree.flatten(inputs)[0]):
        return model.predict(inputs, batch_size=batch_size, verbose=0)
    return keras.tree.map_structure(ops.convert_to_numpy, model(inputs, training=False))


def sole(items: Any) -> Any:
    """Returns a single item as itself, and several as a list."""
    return items[0] if len(items) == 1 else list(items)
