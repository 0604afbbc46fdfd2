"""Several steps of a training loop in one graph. The host does not wait for a single step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras
import tensorflow as tf

Function = Callable[[Any], dict[str, Any]]


def execution(
    step: Callable[[Any], Any],
    logs: Callable[[], dict[str, Any]],
    steps: Callable[[], int],
    jit_compile: bool,
) -> Function:
    """Returns the function that Keras's loop calls: it takes an iterator, plays steps and returns logs.

    Keras's own function passes the outputs of every step to the host, so it waits for a GPU in each step.
    Here a step has no outputs. It stores its results in variables, and the logs are read from these once,
    after the last step. The number of steps is an input of the graph, so another number needs no new trace.

    Args:
        step: A function of one element of the data.
        logs: A function that returns the values to log, from variables.
        steps: A function that returns how many steps a call plays at most. It plays fewer if the data end.
        jit_compile: Whether XLA compiles a step.
    """
    play = tf.function(step, autograph=False, reduce_retracing=True, jit_compile=jit_compile)

    def play_element(element: Any) -> None:
        # For a part that an element does not have, Keras has an empty `Optional`.
        empty = tf.experimental.Optional
        play(keras.tree.map_structure(lambda x: None if isinstance(x, empty) else x, element))

    @tf.function(autograph=False, reduce_retracing=True)
    def play_one(iterator: Any) -> dict[str, Any]:
        # Outside of a loop, TensorFlow optimizes the step together with everything around it.
        play_element(iterator.get_next())
        return logs()

    @tf.function(autograph=False, reduce_retracing=True)
    def play_several(iterator: Any, count: Any) -> tuple[Any, dict[str, Any]]:
        def goes_on(played: Any, element: Any) -> Any:
            return tf.logical_and(played < count, element.has_value())

        def play_next(played: Any, element: Any) -> tuple[Any, Any]:
            play_element(element.get_value())
            # Data after the last step belong to the next call.
            is_last = tf.equal(played + 1, count)
            following = tf.cond(is_last, lambda: element, iterator.get_next_as_optional)
            return played + 1, following

        start = (tf.constant(0), iterator.get_next_as_optional())
        played, _ = tf.while_loop(goes_on, play_next, start)
        return played, logs()

    def execute(iterator: Any) -> dict[str, Any]:
        if isinstance(iterator, tf.data.Iterator):
            if steps() == 1:
                return dict(play_one(iterator))
            played, logged = play_several(iterator, tf.constant(steps()))
            # The count is on the host already, so reading it does not wait.
            if not int(played):
                raise StopIteration
            return dict(logged)
        elements: Iterator[Any] = iterator
        for _, element in zip(range(steps()), elements, strict=False):
            play_element(element)
        return logs()

    return execute
