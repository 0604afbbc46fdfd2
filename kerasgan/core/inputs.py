"""Reads from a sub-model, or works out with it, what shapes go in and come out."""

from __future__ import annotations

import contextlib
from typing import Any

import keras
import numpy as np

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
    argument: str, model: keras.Model, inputs: Any, description: str
) -> keras.KerasTensor:
    """Calls a model on shapes alone, which also builds it.

    Args:
        argument: The argument that the model came in.
        model: The model.
        inputs: The specifications of its inputs.
        description: What the inputs are, for the error.

    Raises:
        ValueError: If the model does not accept such inputs, or gives other than one tensor.
    """
    shapes = keras.tree.map_structure(lambda item: tuple(item.shape), inputs)
    try:
        output = model(inputs, training=False)
    except (ValueError, TypeError) as error:
        expected = getattr(model, "input_shape", "another shape")
        raise ValueError(
            f"Invalid value for argument `{argument}`. Expected a model that accepts {description} of "
            f"shape {shapes}. Received: {model.name!r}, which takes {expected}: {error}"
        ) from error
    if not isinstance(output, keras.KerasTensor):
        raise ValueError(
            f"Invalid value for argument `{argument}`. Expected a model with one output. "
            f"Received: {model.name!r} with outputs {keras.tree.map_structure(type, output)}"
        )
    return keras.KerasTensor(output.shape, output.dtype)


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
        outputs = model.predict(inputs, batch_size=batch_size, verbose=0)
    return outputs.astype(keras.config.floatx(), copy=False)


def sole(items: Any) -> Any:
    """Returns a single item as itself, and several as a list."""
    return items[0] if len(items) == 1 else list(items)
