"""What a model can be asked for once it is exported, as functions of named tensors."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from kerasgan.core.adversary import Adversary
from kerasgan.core.seeds import seed_states
from kerasgan.core.turn import Minibatch
from kerasgan.penalties.penalty import mean_per_example

COUNT_AND_SEED = {"count": keras.KerasTensor((), "int32"), "seed": keras.KerasTensor((), "int64")}


@dataclass(frozen=True)
class Signature:
    """One use of a model.

    Attributes:
        function: Takes tensors by the names of `inputs`, and returns tensors by name. What is called
            `samples` on either side is in the model's own units: an export may put the data's in their place.
        inputs: The shape and dtype of each input; the first axis of a batch is free.
    """

    function: Callable[..., Mapping[str, Any]]
    inputs: Mapping[str, keras.KerasTensor]


def as_float(tensor: Any) -> Any:
    """Returns a tensor in Keras's float type, whatever the model computes in."""
    return ops.cast(tensor, keras.config.floatx())


def batch_of(specification: keras.KerasTensor, dtype: str | None = None) -> keras.KerasTensor:
    """Returns the specification of a batch of any size, in Keras's float type if no other is given."""
    return keras.KerasTensor((None, *specification.shape[1:]), dtype or keras.config.floatx())


def for_each(condition: Any, count: Any) -> Any:
    """Returns a condition for each of `count` samples; a single one is for all, as in `generate`."""
    if condition is None:
        return None
    return ops.broadcast_to(condition, (count, *ops.shape(condition)[1:]))


def judgement(adversary: Adversary, samples: Any, condition: Any) -> dict[str, Any]:
    """Returns what `Adversary.judge` says of a batch, by the name of what is measured."""
    adversary.check_loss()
    scores = adversary.score(samples, Minibatch(samples, condition, False, seed=None))
    return {adversary.measure: as_float(mean_per_example(adversary.loss.probability(scores)))}


def sampling(
    model: keras.Model, function: Callable[..., Mapping[str, Any]], **condition: keras.KerasTensor
) -> dict[str, Signature]:
    """Returns `sample_latent`: what `generate` makes its samples of, so that a server can batch them.

    There is none for a model with random layers, whose samples are not those of the latent ones alone.

    Args:
        model: The sub-model that generates.
        function: Draws from a number and a seed, as `generate` does.
        **condition: The specification of `condition`, if the draws depend on it.
    """
    if seed_states(model):
        return {}
    return {"sample_latent": Signature(function, {**COUNT_AND_SEED, **condition})}


@contextlib.contextmanager
def drawing(
    generator: keras.random.SeedGenerator, model: keras.Model, seed: Any
) -> Iterator[keras.random.SeedGenerator]:
    """Lets a prior and a model's own noise draw from a seed that may be a tensor, and changes no state.

    A single draw is that of `prior.sample(count, seed=seed)`. A prior that draws several times (a mixture, a
    sum) hashes an integer, which a tensor cannot be: it then draws other numbers of the same distribution.

    Args:
        generator: The seed generator to hand to the prior.
        model: The sub-model that generates.
        seed: A scalar integer tensor.
    """
    seed = ops.cast(seed, generator.state.dtype)
    own = enumerate(seed_states(model))
    states = [(generator.state, ops.stack([seed, ops.zeros_like(seed)]))]
    states += [
        (state, ops.stack([ops.mod(seed, 2**32), ops.full_like(seed, index)]))
        for index, state in own
    ]
    with keras.StatelessScope(states):
        yield generator
