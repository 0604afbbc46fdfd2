"""Gradients of a function with respect to variables and to inputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from kerasgan.backend.second_derivatives import check_connected, exact_moments


def value_and_gradients(
    function: Callable[[], tuple[Any, Any]], variables: Sequence[keras.Variable]
) -> tuple[Any, Any, list[Any]]:
    """Evaluates a function, and the gradient of its value for the given variables only.

    Args:
        function: Takes nothing and returns `(value, auxiliary)`; `value` is a scalar.
        variables: The variables to differentiate for.

    Returns:
        `(value, auxiliary, gradients)`. There is one gradient for each variable: a tensor of its shape, or
        `None` if the value does not depend on the variable.

    Raises:
        ValueError: If the function takes gradients of a layer that cuDNN computes. These have no second
            derivatives.
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        for variable in variables:
            tape.watch(variable.value)
        value, auxiliary = function()
    try:
        gradients = tape.gradient(value, [variable.value for variable in variables])
    except LookupError as error:
        if "Cudnn" not in str(error):
            raise
        raise ValueError(
            "A term of the loss takes gradients of a recurrent layer that cuDNN computes on a GPU, and cuDNN "
            f"has no second derivatives ({error}). Make the layer with `use_cudnn=False`."
        ) from error
    # TensorFlow lists the rows of an embedding that a batch looked up. A row that was looked up several times
    # is listed several times. Keras's optimizers would take these for several gradients, and Adam would add
    # up their squares.
    gradients = [None if each is None else tf.convert_to_tensor(each) for each in gradients]
    if any(gradient is not None for gradient in gradients):
        # No update may begin before the last gradient is computed. An optimizer passes all gradients through
        # one `IdentityN`. TensorFlow's graph optimizer treats it as a wait, but later splits it. With some
        # losses, such as one linear in the scores, the update of a weight does not need its value. Such a
        # weight could then be updated before it is read.
        gradients = tf.tuple(gradients)
    return value, auxiliary, gradients


def input_gradient(function: Callable[[Any], Any], inputs: Any) -> Any:
    """Differentiates a function of a batch with respect to that batch.

    The result is differentiable itself, as a gradient penalty needs. Each row of the result is the gradient
    of that row's value, if the function treats rows independently.

    Args:
        function: Takes a tensor shaped like `inputs` and returns one or more values for each row.
        inputs: Tensor of shape `(batch, ...)`.

    Returns:
        Tensor of the shape of `inputs`.

    Raises:
        LookupError: If TensorFlow knows no gradient of an operation in the function.
    """
    with exact_moments(), tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(inputs)
        values = function(inputs)
    gradient = tape.gradient(values, inputs)
    if gradient is None:
        check_connected(values, inputs)
        gradient = tf.zeros_like(inputs)
    return gradient
