from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import keras
from keras import ops

from kerasgan.arguments import (
    non_negative_integer,
    non_negative_number,
    positive_integer,
)
from kerasgan.core import AdversarialModel, Minibatch, Outcome, Turn
from kerasgan.core.adversary import Adversary
from kerasgan.core.inputs import check_model, one_input, output_specification
from kerasgan.core.training_data import fits
from kerasgan.layers import ImagePool
from kerasgan.models._translating import Translating
from kerasgan.penalties.penalty import flat, mean_per_example
from kerasgan.precision import full_precision


@keras.saving.register_keras_serializable(package="kerasgan")
class CycleGAN(AdversarialModel, Translating):
    """Translation between two domains, learnt without pairs (Zhu et al. 2017).

    Two generators translate samples of domain A to domain B and back. A discriminator of each domain tells
    its samples from translations; and a sample that is translated there and back again should be the
    sample it was, or a translation could be any sample of the other domain.

    Train it with `fit(a, b)`, where row `i` of `a` has nothing to do with row `i` of `b`; for arrays of two
    lengths, on `kerasgan.datasets.unpaired(a, b, batch_size)`. For what all models have, samples of A are
    what is generated and those of B the condition: `generate(count, condition=b)`, `predict(b)`, and metrics
    on validation data. `translate` goes both ways.

    Args:
        generator_a_to_b: Any `keras.Model` from samples of A to samples of B.
        generator_b_to_a: Any `keras.Model` from samples of B to samples of A.
        discriminator_a: Any `keras.Model` from samples of A to scores, one or several (patches).
        discriminator_b: Likewise of B.
        pool_size: How many earlier translations to keep for each discriminator, in a
            `kerasgan.layers.ImagePool`. Defaults to 50; with 0 a discriminator sees the newest alone.
        seed: Where the game's random draws start. Defaults to `None`, as `keras.utils.set_random_seed`
            decides.
        **kwargs: `name` and `dtype`, as in `keras.Model`.

    Raises:
        TypeError: If a sub-model is not a `keras.Model`.
        ValueError: If the sub-models do not fit each other, or `pool_size` is negative.

    Example:

    >>> def network(*sizes):
    ...     return keras.Sequential([keras.Input(sizes[:1]), keras.layers.Dense(sizes[1])])
    >>> model = kerasgan.CycleGAN(network(2, 3), network(3, 2), network(2, 1), network(3, 1))
    >>> model.compile()
    >>> history = model.fit(np.zeros((64, 2)), np.ones((64, 3)), verbose=0)
    >>> model.translate(np.zeros((5, 2)), to="b").shape
    (5, 3)
    """

    conditional = True

    def __init__(
        self,
        generator_a_to_b: keras.Model,
        generator_b_to_a: keras.Model,
        discriminator_a: keras.Model,
        discriminator_b: keras.Model,
        pool_size: int = 50,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, **kwargs)
        self.generator_a_to_b = check_model("generator_a_to_b", generator_a_to_b)
        self.generator_b_to_a = check_model("generator_b_to_a", generator_b_to_a)
        self.discriminator_a = check_model("discriminator_a", discriminator_a)
        self.discriminator_b = check_model("discriminator_b", discriminator_b)
        self.pool_size = non_negative_integer("pool_size", pool_size)
        self.discriminator_steps = 1
        self.cycle_weight, self.identity_weight = 5.0, 0.0

        a = one_input("generator_a_to_b", generator_a_to_b)
        b = one_input("generator_b_to_a", generator_b_to_a)
        _check_translation("generator_a_to_b", generator_a_to_b, a, b)
        _check_translation("generator_b_to_a", generator_b_to_a, b, a)
        output_specification("discriminator_a", discriminator_a, a, "samples of A")
        output_specification("discriminator_b", discriminator_b, b, "samples of B")
        self._specifications = [a, b]
        self.adversary_a = Adversary(self.discriminator_a, [a])
        self.adversary_b = Adversary(self.discriminator_b, [b])
        self.pool_a = self._make_pool(a, seed) if pool_size else None
        self.pool_b = self._make_pool(b, seed) if pool_size else None
        self(b)

    def _make_pool(self, samples: keras.KerasTensor, seed: int | None) -> ImagePool:
        if None in samples.shape[1:]:
            raise ValueError(
                "Invalid value for argument `pool_size`. Expected 0 for generators that take samples of any "
                f"size, {tuple(samples.shape[1:])}. Received: pool_size={self.pool_size}"
            )
        # The pool holds what the discriminator sees, in the game's precision.
        pool = ImagePool(self.pool_size, seed=seed, dtype=full_precision())
        pool.build(samples.shape)
        return pool

    def turns(self) -> Sequence[Turn]:
        """Both discriminators, who move at once and know nothing of each other, then both generators."""
        # A turn moves what its players hold, the discriminators' pools too.
        pools = [] if self.pool_a is None else [self.pool_a, self.pool_b]
        return (
            Turn(
                "discriminator",
                players=[self.discriminator_a, self.discriminator_b, *pools],
                objective=self.discriminator_objective,
                steps=self.discriminator_steps,
            ),
            Turn(
                "generator",
                players=[self.generator_a_to_b, self.generator_b_to_a],
                objective=self.generator_objective,
            ),
        )

    def discriminator_objective(self, minibatch: Minibatch) -> Outcome:
        """Each discriminator tells samples of its domain from new and earlier translations (section 4)."""
        of_a, of_b = self._domains(minibatch)
        fake_a, fake_b = self._translations(of_a, of_b)
        if self.pool_a is not None and self.pool_b is not None:
            fake_a = self.pool_a(fake_a, training=minibatch.training)
            fake_b = self.pool_b(fake_b, training=minibatch.training)
        return _sum(
            self.adversary_a.discriminator_outcome(of_a.real, ops.stop_gradient(fake_a), of_a),
            self.adversary_b.discriminator_outcome(of_b.real, ops.stop_gradient(fake_b), of_b),
            "discriminator_loss",
        )

    def generator_objective(self, minibatch: Minibatch) -> Outcome:
        """The generators pass translations off as samples, and find the way back (equation 3)."""
        of_a, of_b = self._domains(minibatch)
        fake_a, fake_b = self._translations(of_a, of_b)
        outcome = _sum(
            self.adversary_a.generator_outcome(of_a.real, fake_a, of_a),
            self.adversary_b.generator_outcome(of_b.real, fake_b, of_b),
            "adversarial_loss",
        )
        again_a, again_b = self._translations(
            replace(of_a, real=fake_a), replace(of_b, real=fake_b)
        )
        cycle_a, cycle_b = _distance(of_a.real, again_a), _distance(of_b.real, again_b)
        terms = {"cycle": self.cycle_weight * (cycle_a + cycle_b)}
        if self.identity_weight:
            # Section 5.2: what is in the domain already is to stay as it is.
            same_a, same_b = self._translations(of_b, of_a)
            identity = _distance(of_a.real, same_a) + _distance(of_b.real, same_b)
            terms["identity"] = self.identity_weight * identity
        errors = {"cycle_error_a": cycle_a, "cycle_error_b": cycle_b}
        return Outcome(outcome.loss, {**terms, **outcome.terms}, {**outcome.logs, **errors})

    def _domains(self, minibatch: Minibatch) -> tuple[Minibatch, Minibatch]:
        """Returns the minibatch of each domain on its own."""
        b = ops.cast(minibatch.condition, keras.config.floatx())
        return replace(minibatch, condition=None), replace(minibatch, real=b, condition=None)

    def _translations(self, of_a: Minibatch, of_b: Minibatch) -> tuple[Any, Any]:
        """Returns what becomes of samples of B in A, and of samples of A in B."""
        to_a, to_b = (
            ops.cast(
                self.averaged(generator, x.training)(x.real, training=x.training), full_precision()
            )
            for generator, x in ((self.generator_b_to_a, of_b), (self.generator_a_to_b, of_a))
        )
        return to_a, to_b

    def fake(self, minibatch: Minibatch) -> Any:
        """Returns what becomes of the minibatch's samples of B in A."""
        b = self._domains(minibatch)[1].real
        return ops.cast(self(b, training=minibatch.training), full_precision())

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Returns what becomes of samples of B in A."""
        return self.averaged(self.generator_b_to_a, training)(inputs, training=training)

    def specification(self) -> tuple[keras.KerasTensor, keras.KerasTensor | None]:
        """Returns the shapes and dtypes of a batch of samples of A and of samples of B."""
        a, b = self._specifications
        return a, b

    def compile(
        self,
        generator_optimizer: Any = None,
        discriminator_optimizer: Any = None,
        loss: Any = "least_squares",
        cycle_weight: float = 5.0,
        identity_weight: float = 0.0,
        penalties: Any = (),
        discriminator_steps: int = 1,
        metrics: Any = (),
        **keras_arguments: Any,
    ) -> None:
        """Prepares the game.

        Args:
            generator_optimizer: For both generators; as in `GAN.compile`.
            discriminator_optimizer: For both discriminators; as in `GAN.compile`.
            loss: As in `GAN.compile`. Defaults to `"least_squares"`, the paper's.
            cycle_weight: The weight λ of `|x - F(G(x))|`, a mean over a sample's values, in both directions.
                Defaults to 5.0, which beside `1/2 (D(G(x)) - 1)^2`, as `"least_squares"` has it, is the
                paper's 10 beside `(D(G(x)) - 1)^2`.
            identity_weight: The weight of `|G(y) - y|`, which keeps colours; of use where both domains have
                one shape. Defaults to 0.0, none; the paper's for paintings, half of λ, is 2.5.
            penalties: As in `GAN.compile`, of each discriminator and its domain. Defaults to none.
            discriminator_steps: As in `GAN.compile`. Defaults to 1.
            metrics: As in `GAN.compile`, of samples of A and translations to A. Defaults to none.
            **keras_arguments: As in `GAN.compile`, `generator_ema` too.

        Raises:
            ValueError: If a name is unknown, a weight is negative, `discriminator_steps` is not a positive
                integer, or there is an `identity_weight` for domains of two shapes.
            TypeError: If a loss, a penalty or a metric is of another kind.
        """
        self.cycle_weight = non_negative_number("cycle_weight", cycle_weight)
        self.identity_weight = non_negative_number("identity_weight", identity_weight)
        shape_a, shape_b = (tuple(domain.shape[1:]) for domain in self._specifications)
        if self.identity_weight and not fits(shape_a, shape_b):
            raise ValueError(
                "Invalid value for argument `identity_weight`. Expected 0 for domains of two shapes, "
                f"{shape_a} and {shape_b}. Received: identity_weight={identity_weight}"
            )
        self.discriminator_steps = positive_integer("discriminator_steps", discriminator_steps)
        for adversary in (self.adversary_a, self.adversary_b):
            adversary.prepare(loss, penalties, self.turns())
        self.compile_game(
            {"discriminator": discriminator_optimizer, "generator": generator_optimizer},
            metrics=metrics,
            arguments={
                "loss": self.adversary_a.loss,
                "cycle_weight": self.cycle_weight,
                "identity_weight": self.identity_weight,
                "penalties": list(self.adversary_a.penalties),
                "discriminator_steps": self.discriminator_steps,
            },
            **keras_arguments,
        )

    def _conditions(self, count: int, condition: Any, argument: str = "condition") -> Any:
        if argument == "y" and condition is not None and len(condition) != count:
            raise ValueError(
                "Invalid value for argument `y`. Expected as many samples of B as of A; for others there is "
                f"`kerasgan.datasets.unpaired`. Received: {count} of A and {len(condition)} of B"
            )
        return super()._conditions(count, condition, argument)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal model, but for its weights."""
        serialize = keras.saving.serialize_keras_object
        return {
            "generator_a_to_b": serialize(self.generator_a_to_b),
            "generator_b_to_a": serialize(self.generator_b_to_a),
            "discriminator_a": serialize(self.discriminator_a),
            "discriminator_b": serialize(self.discriminator_b),
            "pool_size": self.pool_size,
            "name": self.name,
            "dtype": serialize(self.dtype_policy),
        }


def _check_translation(
    argument: str, generator: keras.Model, source: keras.KerasTensor, target: keras.KerasTensor
) -> None:
    made = output_specification(argument, generator, source, "samples")
    if not fits(made.shape[1:], target.shape[1:]):
        raise ValueError(
            f"Invalid value for argument `{argument}`. Expected samples of shape {tuple(target.shape[1:])}, "
            "which the other generator takes. "
            f"Received: {generator.name!r} with outputs of shape {tuple(made.shape[1:])}"
        )


def _distance(first: Any, second: Any) -> Any:
    difference = ops.cast(first, full_precision()) - ops.cast(second, full_precision())
    return ops.mean(flat(ops.abs(difference)), axis=1)


def _sum(of_a: Outcome, of_b: Outcome, name: str) -> Outcome:
    """Adds up what is minimised in both domains, and averages the rest."""

    def total(a: Any, b: Any) -> Any:
        # Per example, since the discriminators may judge by different numbers of patches.
        return mean_per_example(a) + mean_per_example(b)

    terms = {term: total(value, of_b.terms[term]) for term, value in of_a.terms.items()}
    logs = {log: 0.5 * total(value, of_b.logs[log]) for log, value in of_a.logs.items()}
    logs.update({f"{name}_a": of_a.loss, f"{name}_b": of_b.loss})
    return Outcome(total(of_a.loss, of_b.loss), terms, logs)
