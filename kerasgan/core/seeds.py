"""The states of seed generators, a model's own and its layers'."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import keras
from keras import ops


def seed_states(model: keras.Model) -> list[keras.Variable]:
    """Returns the states of a model's seed generators: the variables that Keras counts among no weights."""
    weights = {id(weight) for weight in model.weights}
    return [variable for variable in model.variables if id(variable) not in weights]


@contextlib.contextmanager
def seeded(models: Sequence[keras.Model], seed: int) -> Iterator[None]:
    """Lets models draw from a seed for a while, and then go on as if they had not."""
    states = [state for model in models for state in seed_states(model)]
    before = [ops.convert_to_numpy(state) for state in states]
    try:
        for index, state in enumerate(states):
            state.assign([seed % 2**32, index])
        yield
    finally:
        for state, value in zip(states, before, strict=True):
            state.assign(value)
