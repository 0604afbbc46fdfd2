from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerasgan.backend import gather_rows
from kerasgan.penalties._encoder import encoder_of
from kerasgan.penalties.penalty import Encounter, Penalty
from kerasgan.precision import full_precision
from kerasgan.tensors import flat

# Keeps the direction of a code of zeros defined.
_EPSILON = 1e-12


@keras.saving.register_keras_serializable(package="kerasgan")
class PullingAway(Penalty):
    """The pulling-away term: it keeps the codes of generated samples from pointing one way.

    `weight / (N (N - 1)) * sum_i sum_{j != i} (cos(S_i, S_j))^2` over the codes `S` that the discriminator's
    encoder gives to a batch of N generated samples, in the generator's turn alone (Zhao et al. 2016, equation
    4). The discriminator must be an auto-encoder with an `encoder`, such as
    `kerasgan.networks.AutoEncoder`. N is the whole global batch. One sample makes no pair: the term is 0.

    Args:
        weight: The factor of the term. Defaults to 0.1.

    Example:

    >>> penalty = kerasgan.penalties.PullingAway()
    >>> penalty.turn, penalty.name
    ('generator', 'pulling_away')
    """

    turn = "generator"

    def __init__(self, weight: float = 0.1) -> None:
        super().__init__(weight)

    def call(self, encounter: Encounter) -> Any:
        """Returns the mean squared cosine of all pairs, a scalar."""
        encoder = encoder_of(encounter, self.name)
        codes = flat(ops.cast(encounter.apply(encoder, encounter.fake), full_precision()))
        return mean_squared_cosine(gather_rows(codes))


def mean_squared_cosine(codes: Any) -> Any:
    """Returns the mean over all pairs of different rows of their squared cosine; 0 where there is no pair."""
    norms = ops.sqrt(ops.sum(ops.square(codes), axis=1, keepdims=True) + _EPSILON)
    directions = codes / norms
    # The sum of all squared cosines is that of the Gram matrix; the diagonal is every row with itself.
    gram = ops.square(ops.matmul(directions, ops.transpose(directions)))
    count = ops.cast(ops.shape(codes)[0], full_precision())
    pairs = ops.sum(gram) - ops.sum(ops.diagonal(gram))
    return ops.divide_no_nan(pairs, count * (count - 1.0))
