from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgan.arguments import non_negative_integer, non_negative_number, one_of, positive_integer
from kerasgan.core import (
    AdversarialModel,
    LossSetting,
    Minibatch,
    OptimizerSetting,
    Outcome,
    Part,
    PenaltiesSetting,
    Setting,
    Turn,
    one_input,
    steps_setting,
    use,
)
from kerasgan.layers import ImagePool
from kerasgan.precision import full_precision
from kerasgan.tensors import mean_distance, mean_per_example


class _IdentityWeight(Setting):
    """The weight of a term that needs both domains to have the same shape."""

    def checked(self, game: Any, value: Any) -> float:
        """Returns the weight, or raises if it does not suit the domains."""
        weight = non_negative_number(self.name, value)
        shapes = [tuple(part.specification.shape[1:]) for part in (game.samples_a, game.samples_b)]
        if weight and shapes[0] != shapes[1]:
            raise ValueError(
                f"Invalid value for argument `{self.name}`. Expected 0 for domains of two shapes, "
                f"{shapes[0]} and {shapes[1]}. Received: {self.name}={value}"
            )
        return weight


@keras.saving.register_keras_serializable(package="kerasgan")
class CycleGAN(AdversarialModel):
    """Translation between two domains, learned without pairs (Zhu et al. 2017).

    Two generators translate samples of domain A to domain B, and back. For each domain, a discriminator tells
    its samples from translations. A sample that is translated there and back should be the same as before.
    Otherwise a translation could be any sample of the other domain.

    Train it with `fit(a, b)`. Row `i` of `a` does not have to match row `i` of `b`. If the arrays have
    different lengths, train on `kerasgan.datasets.unpaired(a, b, batch_size)`.

    `translate` works in both directions. In the methods that all models have, samples of A are generated, and
    samples of B are the condition: `generate(count, condition=b)`, `predict(b)`, and metrics on validation
    data.

    Args:
        generator_a_to_b: Any `keras.Model` from samples of A to samples of B.
        generator_b_to_a: Any `keras.Model` from samples of B to samples of A.
        discriminator_a: Any `keras.Model` from samples of A to scores, one or several (patches).
        discriminator_b: Any `keras.Model` from samples of B to scores, one or several (patches).
        pool_size: How many earlier translations to keep for each discriminator, in a
            `kerasgan.layers.ImagePool`. With 0, a discriminator sees only the newest ones. Defaults to 50.
        seed: An integer, the seed of the game's random draws. Defaults to `None`:
            `keras.utils.set_random_seed` decides the seed.
        **kwargs: `normalization`, how the data were normalized (see `kerasgan.core.AdversarialModel`); `name`
            and `dtype`, as in `keras.Model`.

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

    generator_optimizer = OptimizerSetting("For both generators.")
    discriminator_optimizer = OptimizerSetting("For both discriminators.")
    loss = LossSetting("least_squares")
    cycle_weight = Setting(
        5.0,
        non_negative_number,
        "The weight λ of `|x - F(G(x))|`, a mean over a sample's values, in both directions. The loss "
        "`least_squares` is `1/2 (D(G(x)) - 1)^2`, half of the paper's. So 5 is the same as 10 in the paper.",
    )
    identity_weight = _IdentityWeight(
        0.0,
        description="The weight of `|G(y) - y|`. This term keeps colors. It needs samples of the same shape "
        "in both domains. The paper uses half of λ for paintings, which is 2.5 here.",
    )
    penalties = PenaltiesSetting("Penalties for each discriminator, on samples of its domain.")
    discriminator_steps = steps_setting()

    serving_default = "translate_to_a"

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
        self.add_players(
            generator_a_to_b=generator_a_to_b,
            generator_b_to_a=generator_b_to_a,
            discriminator_a=discriminator_a,
            discriminator_b=discriminator_b,
        )
        self.pool_size = non_negative_integer("pool_size", pool_size)

    def setup(self) -> None:
        """Finds out what the sub-models take and return."""
        self.samples_a = one_input("generator_a_to_b", self.generator_a_to_b)
        self.samples_b = one_input("generator_b_to_a", self.generator_b_to_a)
        # For the methods of all games: A is generated, and B is the condition.
        self.samples = self.samples_a
        advice = "Samples that are not as many in both domains: `kerasgan.datasets.unpaired`."
        self.condition = replace(self.samples_b, advice=advice)
        to_b = self.sub_model("generator_a_to_b", self.samples_a, of="samples")
        to_a = self.sub_model("generator_b_to_a", self.samples_b, of="samples")
        self.to_b, self.to_a = to_b.reproducing(self.samples_b), to_a.reproducing(self.samples_a)
        judged_a = self.sub_model("discriminator_a", self.samples_a, of="samples of A")
        judged_b = self.sub_model("discriminator_b", self.samples_b, of="samples of B")
        self.adversary_a, self.adversary_b = (
            self.adversary_of(judged_a),
            self.adversary_of(judged_b),
        )
        self.pool_a = self._make_pool(self.samples_a) if self.pool_size else None
        self.pool_b = self._make_pool(self.samples_b) if self.pool_size else None

    def _make_pool(self, samples: Part) -> ImagePool:
        shape = samples.specification.shape
        if None in shape[1:]:
            raise ValueError(
                "Invalid value for argument `pool_size`. Expected 0 for generators that take samples of any "
                f"size, {tuple(shape[1:])}. Received: pool_size={self.pool_size}"
            )
        # The pool holds the discriminator's samples in the game's precision.
        pool = ImagePool(self.pool_size, seed=self.seed, dtype=full_precision())
        pool.build(shape)
        return pool

    def turns(self) -> Sequence[Turn]:
        """Both discriminators, at the same time and independently, then both generators."""
        # A turn changes everything that its players hold, including the discriminators' pools.
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
        """The generators make translations that look real, and that can be translated back (equation 3)."""
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
        cycle_a = mean_distance(ops.abs, of_a.real, again_a)
        cycle_b = mean_distance(ops.abs, of_b.real, again_b)
        terms = {"cycle": self.cycle_weight * (cycle_a + cycle_b)}
        if self.identity_weight:
            # Section 5.2: a sample that is in the domain already should not change.
            same_a, same_b = self._translations(of_b, of_a)
            identity_a = mean_distance(ops.abs, of_a.real, same_a)
            identity_b = mean_distance(ops.abs, of_b.real, same_b)
            terms["identity"] = self.identity_weight * (identity_a + identity_b)
        errors = {"cycle_error_a": cycle_a, "cycle_error_b": cycle_b}
        return Outcome(outcome.loss, {**terms, **outcome.terms}, {**outcome.logs, **errors})

    def _domains(self, minibatch: Minibatch) -> tuple[Minibatch, Minibatch]:
        """Returns two minibatches, one for each domain."""
        b = ops.cast(minibatch.condition, keras.config.floatx())
        return replace(minibatch, condition=None), replace(minibatch, real=b, condition=None)

    def _translations(self, of_a: Minibatch, of_b: Minibatch) -> tuple[Any, Any]:
        """Returns the samples of B translated to A, and the samples of A translated to B."""
        to_a = self.to_a(of_b.real, training=of_b.training)
        return to_a, self.to_b(of_a.real, training=of_a.training)

    def fake(self, minibatch: Minibatch) -> Any:
        """Translates the minibatch's samples of B to A."""
        return self.to_a(self._domains(minibatch)[1].real, training=minibatch.training)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Translates samples of B to A."""
        return self.to_a.as_it_is(inputs, training=training)

    def call_specification(self) -> Any:
        """Returns the specification of samples of B."""
        return self.samples_b.specification

    @use(returns="samples", samples="samples_b")
    def translate_to_a(self, samples: Any) -> Any:
        """Translates samples of B to A."""
        return self.to_a(samples, training=False)

    @use(returns="samples", samples="samples_a")
    def translate_to_b(self, samples: Any) -> Any:
        """Translates samples of A to B."""
        return self.to_b(samples, training=False)

    @use(returns="probability", judges=True, samples="samples_a")
    def discriminate_a(self, samples: Any) -> Any:
        """Returns the probability of each sample to be from A, `(count,)`."""
        return self.adversary_a.judge(samples)

    @use(returns="probability", judges=True, samples="samples_b")
    def discriminate_b(self, samples: Any) -> Any:
        """Returns the probability of each sample to be from B, `(count,)`."""
        return self.adversary_b.judge(samples)

    def translate(
        self, samples: Any, to: str, batch_size: int = 256, training: bool = False
    ) -> np.ndarray:
        """Translates samples to the other domain.

        Args:
            samples: Samples `(count, *sample_shape)` of the other domain.
            to: The domain to translate to: `"a"` or `"b"`.
            batch_size: How many to translate at once. Defaults to 256.
            training: As in `GAN.generate`. Defaults to `False`.

        Raises:
            ValueError: If the samples have the wrong shape, or there is no such domain.
        """
        one_of("to", to, ("a", "b"))
        translate = self.translate_to_a if to == "a" else self.translate_to_b
        return translate(samples, batch_size=batch_size, training=training)

    def generate(
        self,
        count: int,
        condition: Any = None,
        seed: int | None = None,
        batch_size: int = 256,
        training: bool = False,
        normalized: bool = True,
    ) -> np.ndarray:
        """Translates samples of B to A.

        Args:
            count: How many samples to generate.
            condition: One sample of B for each, or a single one for all of them.
            seed: For a generator that draws noise, as in `GAN.generate`. Defaults to `None`.
            batch_size: How many to generate at once. Defaults to 256.
            training: As in `GAN.generate`. Defaults to `False`.
            normalized: As in `GAN.generate`. The model's `normalization` is that of A. Defaults to `True`.

        Raises:
            ValueError: If `count` is not a positive integer, if the condition is missing or does not fit, or
                if `normalized` is `False` and the model has no `normalization`.
        """
        if not normalized:
            inverse = self.inverse_normalization()
            return inverse(self.generate(count, condition, seed, batch_size, training))
        b = self.checked_condition(condition, positive_integer("count", count))
        return self.translate_to_a(b, batch_size=batch_size, seed=seed, training=training)

    def discriminate(
        self, samples: Any, *, domain: str = "a", batch_size: int = 256, training: bool = False
    ) -> np.ndarray:
        """Returns the probability of each sample to be from a domain, `(count,)`, like `GAN.discriminate`."""
        one_of("domain", domain, ("a", "b"))
        discriminate = self.discriminate_a if domain == "a" else self.discriminate_b
        return discriminate(samples, batch_size=batch_size, training=training)


def _sum(of_a: Outcome, of_b: Outcome, name: str) -> Outcome:
    """Adds up the losses and terms of both domains, and averages the logs."""

    def total(a: Any, b: Any) -> Any:
        # For each example, because the discriminators may have different numbers of patches.
        return mean_per_example(a) + mean_per_example(b)

    terms = {term: total(value, of_b.terms[term]) for term, value in of_a.terms.items()}
    logs = {log: 0.5 * total(value, of_b.logs[log]) for log, value in of_a.logs.items()}
    logs.update({f"{name}_a": of_a.loss, f"{name}_b": of_b.loss})
    return Outcome(total(of_a.loss, of_b.loss), terms, logs)
