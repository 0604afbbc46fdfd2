"""The states of seed generators: of a model itself, and of its layers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import keras
from keras import ops


def seed_states(model: keras.Model) -> list[keras.Variable]:
    """Returns the states of a model's seed generators. Keras does not count them as weights."""
    weights = {id(weight) for weight in model.weights}
    return [variable for variable in model.variables if id(variable) not in weights]


def noise_of(game: Any) -> list[keras.Variable]:
    """Returns the states of the seed generators of a game's sub-models and of their averages."""
    own = {id(generator.state) for generator in game.seed_generators}
    states = [state for model in game.judged_models() for state in seed_states(model)]
    return [state for state in states if id(state) not in own]


@contextlib.contextmanager
def seeded(models: Sequence[keras.Model], seed: int) -> Iterator[None]:
    """Lets models draw from a seed inside a context. Afterward their seeds are as they were before."""
    states = [state for model in models for state in seed_states(model)]
    before = [ops.convert_to_numpy(state) for state in states]
    try:
        for index, state in enumerate(states):
            state.assign([seed % 2**32, index])
        yield
    finally:
        for state, value in zip(states, before, strict=True):
            state.assign(value)


@contextlib.contextmanager
def seeded_by(
    seed: Any, own: Sequence[keras.Variable], noise: Sequence[keras.Variable], batch: Any = 0
) -> Iterator[None]:
    """Lets seed generators draw from a seed, which may be a tensor, without a change of their states.

    Several threads may do this at once. A single draw gives the numbers of `prior.sample(count, seed=seed)`.
    A prior that draws several times (a mixture, a sum) hashes an integer seed there. A tensor cannot be
    hashed, so here such a prior draws other numbers of the same distribution.

    Args:
        seed: A scalar integer. With `None`, all states go on as they are.
        own: The states that take the seed itself.
        noise: The states of layers. Each gets different numbers.
        batch: The number of the batch within one call. Defaults to 0.
    """
    if seed is None:
        yield
        return

    def state(first: Any, second: Any, like: keras.Variable) -> tuple[keras.Variable, Any]:
        return like, ops.stack([ops.cast(first, like.dtype), ops.cast(second, like.dtype)])

    pairs = [state(seed, 0, each) for each in own]
    pairs += [
        state(ops.mod(ops.cast(seed, "int64"), 2**32), index + len(noise) * batch, each)
        for index, each in enumerate(noise)
    ]
    with keras.StatelessScope(pairs):
        yield
