from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import keras
from keras import ops

from kerasgan import priors
from kerasgan.backend import draw_rows
from kerasgan.core import (
    Adversary,
    AugmentationSetting,
    GenerativeModel,
    LossSetting,
    Minibatch,
    OptimizerSetting,
    Outcome,
    Part,
    PenaltiesSetting,
    Turn,
    output_range,
    part_of_inputs,
    steps_setting,
    swapped_hint,
    use,
)


@keras.saving.register_keras_serializable(package="kerasgan")
class GAN(GenerativeModel):
    """A generative adversarial network (Goodfellow et al. 2014).

    The game is `min_G max_D E[log D(x)] + E[log(1 - D(G(z)))]`, with any two Keras models. The discriminator
    can end in a sigmoid or in a linear unit. It can return one score per sample or several (patches, scales).
    Samples can have any rank, and can be a dictionary of tensors.

    Args:
        generator: Any `keras.Model` from latent samples to samples. The shape of its input is the latent
            shape. It can have several inputs, such as a latent vector and maps of noise.
        discriminator: Any `keras.Model` from samples to scores. See `kerasgan.core.Adversary`.
        prior: The distribution of latent samples: a `kerasgan.priors.Prior`, the name of one, or a function
            of `(shape, seed)` such as `keras.random.uniform`. If the generator has several inputs, a
            dictionary of these by the names of the inputs. Defaults to `None`: a standard normal
            distribution.
        seed: An integer, the seed of the game's random draws. Defaults to `None`:
            `keras.utils.set_random_seed` decides the seed.
        **kwargs: `normalization`, how the data were normalized (see `kerasgan.core.AdversarialModel`); `name`
            and `dtype`, as in `keras.Model`.

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

    generator_optimizer = OptimizerSetting()
    discriminator_optimizer = OptimizerSetting()
    loss = LossSetting("non_saturating")
    penalties = PenaltiesSetting()
    discriminator_steps = steps_setting()
    augmentation = AugmentationSetting()

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        prior: Any = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, **kwargs)
        self.add_players(generator=generator, discriminator=discriminator)
        self.prior = priors.get_all(prior)

    def setup(self) -> None:
        """Finds out what the sub-models take and return."""
        self.latent, self.condition = self.latent_and_condition()
        self.prior = priors.shaped(self.prior, self.latent)
        self.latent = priors.of_known_size(self.latent, self.prior)
        self.generated = self.sub_model(
            "generator", self.latent, self.condition, of="latent samples"
        )
        made = self.generated.output_part()
        self.samples = replace(made, value_range=output_range(self.generator))
        self.judged = self.sub_model(
            "discriminator",
            self.samples,
            self.condition,
            of="generated samples",
            hint=swapped_hint(self.generator, self.discriminator),
        )
        self.adversary = self.make_adversary()

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
        latent, fake = self.draw(minibatch)
        fake = keras.tree.map_structure(ops.stop_gradient, fake)
        return self.adversary.discriminator_outcome(minibatch.real, fake, minibatch, latent)

    def generator_objective(self, minibatch: Minibatch) -> Outcome:
        """The generator makes samples that the discriminator should take for real."""
        latent, fake = self.draw(minibatch)
        return self.adversary.generator_outcome(minibatch.real, fake, minibatch, latent)

    def draw(self, minibatch: Minibatch) -> tuple[Any, Any]:
        """Returns new `z` and `G(z)`, one for each example of the minibatch."""
        latent = draw_rows(
            lambda rows: priors.sample(self.prior, rows, seed=minibatch.seed), minibatch.rows
        )
        return latent, self.generated(latent, minibatch.condition, training=minibatch.training)

    def fake(self, minibatch: Minibatch) -> Any:
        """Returns `G(z)` with a new `z` for each example of the minibatch."""
        return self.draw(minibatch)[1]

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Returns the samples that the generator makes from latent samples or `[latent, condition]`."""
        latent, condition = inputs if self.conditional else (inputs, None)
        return self.generated.as_it_is(latent, condition, training=training)

    @use(returns="latent", without_noise="generator", condition=None)
    def sample_latent(self, count: Any, seed: Any, condition: Any = None) -> Any:
        """Draws latent samples from the prior, `(count, *latent_shape)`."""
        return priors.sample(self.prior, count, seed=seed)

    @use(returns="samples")
    def generate_from(self, latent: Any, condition: Any = None) -> Any:
        """Returns the samples that the generator makes from latent samples."""
        return self.generated(latent, condition, training=False)

    @use(returns=lambda game: game.adversary.measure, judges=True)
    def discriminate(self, samples: Any, condition: Any = None) -> Any:
        """Returns the probability of each sample to be real, `(count,)`.

        If the loss defines no probability, it is a critic's score. The results of patches are averaged. Batch
        normalization uses its running statistics here, so the values differ from the logs of training. With
        `training=True` it uses the statistics of each batch.
        """
        return self.adversary.judge(samples, condition)

    def latent_and_condition(self) -> tuple[Part, Part | None]:
        """Returns the generator's inputs as parts: latent samples, and no condition in this game."""
        if not self.generator.built and isinstance(self.prior, priors.Prior) and self.prior.shape:
            return Part(keras.KerasTensor((None, *self.prior.shape), keras.config.floatx())), None
        return part_of_inputs("generator", self.generator), None

    def make_adversary(self) -> Adversary:
        """Returns the discriminator, with its loss and penalties."""
        return self.adversary_of(self.judged)

    def call_specification(self) -> Any:
        """Returns the specification of latent samples, or of `[latent samples, conditions]`."""
        latent = self.latent.specification
        return latent if self.condition is None else [latent, self.condition.specification]
