from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgan import losses, priors
from kerasgan.arguments import counted, positive_integer, random_seed
from kerasgan.backend import draw_rows
from kerasgan.core import AdversarialModel, Minibatch, Outcome, Turn
from kerasgan.core.adversary import Adversary
from kerasgan.core.inputs import (
    check_model,
    conditioned,
    input_specifications,
    output_specification,
    predict,
    sole,
    swapped_hint,
)
from kerasgan.core.training_data import check_array
from kerasgan.models._generator_exporting import GeneratorExporting
from kerasgan.precision import full_precision


@keras.saving.register_keras_serializable(package="kerasgan")
class GAN(AdversarialModel, GeneratorExporting):
    """A generative adversarial network (Goodfellow et al. 2014).

    `min_G max_D E[log D(x)] + E[log(1 - D(G(z)))]`, over any two Keras models. The discriminator may end in
    a sigmoid or in a linear unit, with one score per sample or several (patches). Samples have any rank.

    Args:
        generator: Any `keras.Model` from latent samples to samples. Its input's shape is the latent shape.
        discriminator: Any `keras.Model` from samples to scores.
        prior: What latent samples are drawn from: a `kerasgan.priors.Prior`, the name of one, or a function
            of `(shape, seed)` such as `keras.random.uniform`. Defaults to `None`, a standard normal.
        seed: Where the game's random draws start. Defaults to `None`, as `keras.utils.set_random_seed`
            decides.
        **kwargs: `name` and `dtype`, as in `keras.Model`.

    Raises:
        TypeError: If a sub-model is not a `keras.Model`.
        ValueError: If the prior, the generator and the discriminator do not fit each other.

    Example:

    >>> gan = kerasgan.GAN(
    ...     generator=keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]),
    ...     discriminator=keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]),
    ... )
    >>> gan.compile()
    >>> history = gan.fit(np.zeros((64, 2)), batch_size=32, verbose=0)
    >>> sorted(history.history)[:3]
    ['discriminator_loss', 'fake_probability', 'generator_loss']
    >>> gan.generate(3, seed=0).shape
    (3, 2)
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        prior: Any = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, **kwargs)
        self.generator = check_model("generator", generator)
        self.discriminator = check_model("discriminator", discriminator)
        self.discriminator_steps = 1

        prior = priors.get(prior)
        latent, *condition = self._generator_inputs(prior)
        self.prior = prior.shaped(tuple(latent.shape[1:]))
        latent = keras.KerasTensor((None, *(self.prior.shape or ())), latent.dtype)
        samples = output_specification(
            "generator", generator, sole([latent, *condition]), "latent samples"
        )
        judged = [samples, *condition]
        output_specification(
            "discriminator",
            discriminator,
            sole(judged),
            "generated samples",
            swapped_hint(generator, discriminator),
        )
        self._specifications = judged
        self._inputs = [latent, *condition]
        self.adversary = self._make_adversary(judged)
        self(sole([latent, *condition]))

    def turns(self) -> Sequence[Turn]:
        """Algorithm 1 of the paper: k steps of the discriminator, then one of the generator."""
        return (
            Turn(
                "discriminator",
                players=[self.discriminator],
                objective=self.discriminator_objective,
                steps=self.discriminator_steps,
            ),
            Turn("generator", players=[self.generator], objective=self.generator_objective),
        )

    def discriminator_objective(self, minibatch: Minibatch) -> Outcome:
        """The discriminator tells real from generated samples."""
        fake = ops.stop_gradient(self.fake(minibatch))
        return self.adversary.discriminator_outcome(minibatch.real, fake, minibatch)

    def generator_objective(self, minibatch: Minibatch) -> Outcome:
        """The generator passes its samples off as real."""
        return self.adversary.generator_outcome(minibatch.real, self.fake(minibatch), minibatch)

    def fake(self, minibatch: Minibatch) -> Any:
        """Returns `G(z)` for as many fresh `z` as the minibatch has examples."""
        latent = draw_rows(
            lambda rows: self.prior.sample(rows, seed=minibatch.seed), minibatch.rows
        )
        inputs = conditioned(latent, minibatch.condition)
        generator = self.averaged(self.generator, minibatch.training)
        return ops.cast(generator(inputs, training=minibatch.training), full_precision())

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Returns the samples that the generator makes of latent samples."""
        return self.averaged(self.generator, training)(inputs, training=training)

    def specification(self) -> tuple[keras.KerasTensor, keras.KerasTensor | None]:
        """Returns the shapes and dtypes of a batch of real samples and of their conditions."""
        samples, *condition = self._specifications
        return samples, condition[0] if condition else None

    def _make_adversary(self, inputs: Sequence[keras.KerasTensor]) -> Adversary:
        return Adversary(self.discriminator, inputs)

    def _generator_inputs(self, prior: priors.Prior) -> list[keras.KerasTensor]:
        if not self.generator.built and not self.conditional and prior.shape is not None:
            return [keras.KerasTensor((None, *prior.shape), keras.config.floatx())]
        inputs = input_specifications("generator", self.generator)
        if len(inputs) != 1 + self.conditional:
            expected = (
                "two inputs, latent samples and conditions," if self.conditional else "one input"
            )
            raise ValueError(
                f"Invalid value for argument `generator`. Expected a model with {expected} for "
                f"`{type(self).__name__}`. Received: {self.generator.name!r} with "
                f"{counted(len(inputs), 'input')}"
            )
        return inputs

    def compile(
        self,
        generator_optimizer: Any = None,
        discriminator_optimizer: Any = None,
        loss: Any = "non_saturating",
        penalties: Any = (),
        discriminator_steps: int = 1,
        metrics: Any = (),
        **keras_arguments: Any,
    ) -> None:
        """Prepares the game.

        Args:
            generator_optimizer: A Keras optimizer, or the name of one. Defaults to `None`, Adam with a
                learning rate of 2e-4 and `beta_1=0.5`.
            discriminator_optimizer: Likewise.
            loss: Both players' losses: `"minimax"`, `"non_saturating"`, `"least_squares"`, `"hinge"`,
                `"wasserstein"`, `"relativistic"`, a `kerasgan.losses.AdversarialLoss`, or a callable of
                `(real_scores, fake_scores)`. Defaults to `"non_saturating"`.
            penalties: One or several penalties, by name or as `kerasgan.penalties.Penalty` objects.
                Defaults to none.
            discriminator_steps: The discriminator's steps for each of the generator's (the paper's k), each
                on a fresh minibatch. Defaults to 1.
            metrics: One or several metrics of real and generated samples, by a name of
                `kerasgan.metrics.get` or as `keras.metrics.Metric` objects of `update_state(real, fake)`,
                computed by `evaluate` and on `validation_data`. Defaults to none.
            **keras_arguments: `steps_per_execution`, `run_eagerly` and `jit_compile`, as in Keras; and
                `generator_ema`, the momentum of an average of the generator's weights, such as 0.999, which
                then samples, is evaluated and exported. Defaults to `None`, no average.

        Raises:
            ValueError: If a name is unknown or `discriminator_steps` is not a positive integer.
            TypeError: If a loss, a penalty or a metric is of another kind.
        """
        self._compile_players(
            generator_optimizer,
            discriminator_optimizer,
            losses.get(loss),
            penalties,
            discriminator_steps,
            metrics,
            {"loss": losses.get(loss), "penalties": penalties},
            **keras_arguments,
        )

    def _compile_players(
        self,
        generator_optimizer: Any,
        discriminator_optimizer: Any,
        loss: losses.AdversarialLoss,
        penalties: Any,
        discriminator_steps: int,
        metrics: Any,
        arguments: dict[str, Any],
        /,
        **keras_arguments: Any,
    ) -> None:
        self.check_compile_arguments(keras_arguments)
        self.discriminator_steps = positive_integer("discriminator_steps", discriminator_steps)
        self.adversary.prepare(loss, penalties, self.turns())
        self.compile_game(
            {"discriminator": discriminator_optimizer, "generator": generator_optimizer},
            metrics=metrics,
            arguments={
                "discriminator_steps": self.discriminator_steps,
                **arguments,
            },
            **keras_arguments,
        )

    def generate(
        self, count: int, condition: Any = None, seed: int | None = None, batch_size: int = 256
    ) -> np.ndarray:
        """Generates samples.

        Args:
            count: How many.
            condition: For a conditional model: one condition for each sample, or a single one for all.
            seed: An integer gives the same samples each time. Defaults to `None`, new ones.
            batch_size: How many to generate at once. Defaults to 256.

        Returns:
            Array `(count, *sample_shape)`.

        Raises:
            ValueError: If `count` is not a positive integer, or a condition is missing or surplus.
        """
        count, seed = positive_integer("count", count), random_seed(seed)
        condition = self._conditions(count, condition)
        latent = ops.convert_to_numpy(self.prior.sample(count, seed=seed))
        inputs = conditioned(latent, condition)
        return predict(self.averaged(self.generator), inputs, batch_size, seed)

    def discriminate(self, x: Any, condition: Any = None, batch_size: int = 256) -> np.ndarray:
        """Judges samples.

        Args:
            x: Samples `(count, *sample_shape)`.
            condition: For a conditional model: one condition for each sample, or a single one for all.
            batch_size: How many to judge at once. Defaults to 256.

        Returns:
            The probability of each sample to be real, in `[0, 1]`, `(count,)`; a critic's score where the
            loss defines no probability. The judgements of patches are averaged.

        Raises:
            ValueError: If the samples have another shape, or a condition is missing or surplus.
        """
        x = np.asarray(x, keras.config.floatx())
        check_array("x", x, self.specification()[0].shape[1:])
        return self.adversary.judge(x, self._conditions(len(x), condition), batch_size)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal model, but for its weights."""
        serialize = keras.saving.serialize_keras_object
        return {
            "generator": serialize(self.generator),
            "discriminator": serialize(self.discriminator),
            "prior": serialize(self.prior),
            "name": self.name,
            "dtype": serialize(self.dtype_policy),
        }
