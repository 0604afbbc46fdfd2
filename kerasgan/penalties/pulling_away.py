from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerasgan.backend import gather_rows
from kerasgan.penalties._encoder import encoder_of
from kerasgan.penalties.penalty import Encounter, Penalty
from kerasgan.precision import full_precision
from kerasgan.schedules import Schedule
from kerasgan.tensors import flat

# With this, a code of zeros has a direction too.
_EPSILON = 1e-12


@keras.saving.register_keras_serializable(package="kerasgan")
class PullingAway(Penalty):
    """The pulling-away term: it makes the codes of generated samples point in different directions.

    `weight / (N (N - 1)) * sum_i sum_{j != i} (cos(S_i, S_j))^2` is added to the generator's loss. `S` are
    the codes that the discriminator's encoder gives to a batch of N generated samples. N counts the whole
    global batch. With one sample there is no pair, and the term is 0.

    The discriminator must be an auto-encoder with an `encoder`, such as `kerasgan.networks.AutoEncoder`.

    Reference: [Zhao et al., 2016](https://arxiv.org/abs/1609.03126), equation 4.

    Args:
        weight: The factor of the term: a number that is not negative, or a schedule, as in
            `kerasgan.penalties.Penalty`. Defaults to 0.1.

    Raises:
        ValueError: If `weight` is a negative number; and when a model is compiled, if its discriminator has
            no `encoder`.

    Example:

    >>> penalty = kerasgan.penalties.PullingAway()
    >>> penalty.turn, penalty.name
    ('generator', 'pulling_away')
    """

    turn = "generator"

    def __init__(self, weight: float | Schedule = 0.1) -> None:
        super().__init__(weight)

    def call(self, encounter: Encounter) -> Any:
        """Returns the mean of the squared cosines of all pairs, a scalar."""
        encoder = encoder_of(encounter, self.name)
        codes = flat(ops.cast(encounter.apply(encoder, encounter.fake), full_precision()))
        return mean_squared_cosine(gather_rows(codes))


def mean_squared_cosine(codes: Any) -> Any:
    """Returns the mean of the squared cosines of all pairs of different rows; 0 if there is only one row."""
    norms = ops.sqrt(ops.sum(ops.square(codes), axis=1, keepdims=True) + _EPSILON)
    directions = codes / norms
    # The Gram matrix holds the cosines of all pairs. Its diagonal pairs each row with itself.
    gram = ops.square(ops.matmul(directions, ops.transpose(directions)))
    count = ops.cast(ops.shape(codes)[0], full_precision())
    pairs = ops.sum(gram) - ops.sum(ops.diagonal(gram))
    return ops.divide_no_nan(pairs, count * (count - 1.0))
