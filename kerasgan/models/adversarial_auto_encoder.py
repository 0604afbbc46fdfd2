from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import keras
from keras import ops

from kerasgan import priors
from kerasgan.backend import draw_rows, gather_rows
from kerasgan.core import (
    Adversary,
    GenerativeModel,
    LossSetting,
    Minibatch,
    OptimizerSetting,
    Outcome,
    PenaltiesSetting,
    Turn,
    one_input,
    output_range,
    steps_setting,
    use,
)
from kerasgan.models._labels import Labels
from kerasgan.models._reconstruction_setting import ReconstructionSetting, joined


@keras.saving.register_keras_serializable(package="kerasgan")
class AdversarialAutoEncoder(GenerativeModel):
    """An adversarial auto-encoder (Makhzani et al. 2015).

    It is an auto-encoder that learns to give its codes the distribution of a prior. A discriminator tells
    draws of the prior (its real samples) from codes (its generated samples). The encoder is the generator: it
    learns to make codes that look like draws of the prior. So the decoder turns draws of the prior into new
    samples.

    Your sub-models decide which variant of the paper it is:

    - The encoder can be deterministic. It can end in `kerasgan.layers.GaussianSampling` (a Gaussian
      posterior). Or it can add noise with `kerasgan.layers.ConcatenateNoise` (a universal approximator).
    - With a discriminator of `[codes, labels]`, codes match a prior that depends on the label (section 2.3).
      A decoder of `[codes, labels]` gets the label (section 4). Give integer labels to `fit(x, y)`, -1 for
      unlabeled. The sub-models get them as one-hot vectors. The discriminator's vectors have one more entry,
      the last, for unlabeled.

    Args:
        encoder: Any `keras.Model` from samples to codes.
        decoder: Any `keras.Model` from codes, or codes and labels, to samples.
        discriminator: Any `keras.Model` from codes, or codes and labels, to scores.
        prior: The distribution that the codes should have: a `kerasgan.priors.Prior`, the name of one, or a
            function of `(shape, seed)`. Defaults to `None`: a standard normal distribution.
        seed: An integer, the seed of the game's random draws. Defaults to `None`:
            `keras.utils.set_random_seed` decides the seed.
        **kwargs: `normalization`, how the data were normalized (see `kerasgan.core.AdversarialModel`); `name`
            and `dtype`, as in `keras.Model`.

    Attributes:
        autoencoder: A `keras.Model` with the same weights. To train it beforehand, call
            `autoencoder.compile("adam", "mse")` and `autoencoder.fit(x, x)`.

    Raises:
        TypeError: If a sub-model is not a `keras.Model`.
        ValueError: If the prior, the encoder, the decoder and the discriminator do not fit each other.

    Example:

    >>> def network(inputs, outputs):
    ...     return keras.Sequential([keras.Input((inputs,)), keras.layers.Dense(outputs)])
    >>> model = kerasgan.AdversarialAutoEncoder(
    ...     encoder=network(8, 2), decoder=network(2, 8), discriminator=network(2, 1)
    ... )
    >>> model.compile()
    >>> history = model.fit(np.zeros((64, 8)), verbose=0)
    >>> model.encode(np.zeros((3, 8))).shape, model.generate(3, seed=0).shape
    ((3, 2), (3, 8))
    """

    reconstruction_optimizer = OptimizerSetting("For the encoder and the decoder.")
    discriminator_optimizer = OptimizerSetting()
    generator_optimizer = OptimizerSetting("For the encoder as a generator of codes.")
    reconstruction_loss = ReconstructionSetting()
    loss = LossSetting("non_saturating")
    penalties = PenaltiesSetting("Penalties on codes, by name or as objects.")
    discriminator_steps = steps_setting()

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        discriminator: keras.Model,
        prior: Any = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, **kwargs)
        self.add_players(encoder=encoder, decoder=decoder, discriminator=discriminator)
        self.prior = priors.get(prior)

    def setup(self) -> None:
        """Finds out what the sub-models take and return."""
        made = output_range(self.decoder)
        self.samples = replace(one_input("encoder", self.encoder), value_range=made)
        self.encoded = self.sub_model("encoder", self.samples, of="samples")
        self.codes = self.latent = self.encoded.output_part()
        self.prior = self.prior.shaped(tuple(self.codes.specification.shape[1:]))
        self.labels = Labels(self.decoder, self.discriminator)
        self.condition = self.labels.condition
        # If a sub-model takes labels, the user gives them as conditions.
        self.decoder_condition = self.condition if self.labels.of_decoder else None
        self.prior_condition = self.condition if self.labels.of_discriminator else None
        self.judged = self.sub_model(
            "discriminator", self.codes, self.labels.of_discriminator, of="codes"
        )
        self.decoded = self.sub_model("decoder", self.codes, self.labels.of_decoder, of="codes")
        self.decoded.reproducing(self.samples)
        self.adversary = self.make_adversary()
        self._autoencoder = self.without_tracking(joined(self.encoded, self.decoded, self.samples))

    def turns(self) -> Sequence[Turn]:
        """The paper's two phases: reconstruction, then regularization as a game on codes."""
        return (
            Turn(
                "reconstruction",
                players=[self.encoder, self.decoder],
                objective=self.reconstruction_objective,
            ),
            Turn(
                "discriminator",
                players=[self.discriminator],
                objective=self.discriminator_objective,
                steps=self.discriminator_steps,
            ),
            Turn("generator", players=[self.encoder], objective=self.generator_objective),
        )

    def reconstruction_objective(self, minibatch: Minibatch) -> Outcome:
        """The encoder and the decoder reproduce the samples."""
        codes = self.encoded(minibatch.real, training=minibatch.training)
        return Outcome(self.reconstruction_loss(minibatch.real, self._decode(codes, minibatch)))

    def discriminator_objective(self, minibatch: Minibatch) -> Outcome:
        """The discriminator tells draws of the prior from codes."""
        codes = ops.stop_gradient(self.encoded(minibatch.real, training=minibatch.training))
        return self.adversary.discriminator_outcome(*self._on_codes(codes, minibatch))

    def generator_objective(self, minibatch: Minibatch) -> Outcome:
        """The encoder makes codes that the discriminator should take for draws of the prior."""
        codes = self.encoded(minibatch.real, training=minibatch.training)
        return self.adversary.generator_outcome(*self._on_codes(codes, minibatch))

    def fake(self, minibatch: Minibatch) -> Any:
        """Returns samples that the decoder makes from draws of the prior, one for each example."""
        return self._decode(self._draw(minibatch), minibatch)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Returns reconstructions of samples, or of `[samples, one-hot labels]`."""
        samples, labels = inputs if self.labels.of_decoder else (inputs, None)
        codes = self.encoded.as_it_is(samples, training=training)
        return self.decoded.as_it_is(codes, labels, training=training)

    def _on_codes(self, codes: Any, minibatch: Minibatch) -> tuple[Any, Any, Minibatch]:
        """Returns real and generated codes, and the minibatch with labels for the discriminator."""
        labels = self.labels.for_discriminator(minibatch.condition)
        game = Minibatch(codes, labels, minibatch.training, minibatch.seed)
        return self._draw(minibatch), codes, game

    def _draw(self, minibatch: Minibatch) -> Any:
        """Draws from the prior. For an example with a label, draws from the label's part."""
        labels = minibatch.condition
        return draw_rows(
            lambda rows: self.labels.sample(
                self.prior, rows, labels if labels is None else gather_rows(labels), minibatch.seed
            ),
            minibatch.rows,
        )

    def _decode(self, codes: Any, minibatch: Minibatch) -> Any:
        labels = self.labels.for_decoder(minibatch.condition)
        return self.decoded(codes, labels, training=minibatch.training)

    @use(returns="codes")
    def encode(self, samples: Any) -> Any:
        """Returns the codes of samples, `(count, *code_shape)`."""
        return self.encoded(samples, training=False)

    @use(returns="samples", condition="decoder_condition")
    def decode(self, codes: Any, condition: Any = None) -> Any:
        """Turns codes (and labels, if the decoder takes them) into samples."""
        return self.decoded(codes, self.labels.for_decoder(condition), training=False)

    @use(returns="samples", condition="decoder_condition")
    def reconstruct(self, samples: Any, condition: Any = None) -> Any:
        """Encodes samples and decodes their codes."""
        return self.decode(self.encode(samples), condition)

    @use(returns="latent", without_noise="decoder", condition="prior_condition")
    def sample_latent(self, count: Any, seed: Any, condition: Any = None) -> Any:
        """Draws codes from the prior, or from each label's part if the discriminator takes labels."""
        return self.labels.sample(self.prior, count, condition, seed)

    @use(returns="samples", condition="decoder_condition")
    def generate_from(self, latent: Any, condition: Any = None) -> Any:
        """Turns draws of the prior into samples, like `decode`."""
        return self.decode(latent, condition)

    @use(returns=lambda game: game.adversary.measure, judges=True)
    def discriminate(self, samples: Any, condition: Any = None) -> Any:
        """Returns the probability of each sample's code to be a draw of the prior, `(count,)`."""
        return self.adversary.judge(self.encode(samples), self.labels.for_discriminator(condition))

    @property
    def autoencoder(self) -> keras.Model:
        """The encoder and the decoder as one model, with the same weights."""
        return self._autoencoder()

    def generating_models(self) -> Sequence[keras.Model]:
        """The encoder and the decoder. `generator_ema` averages their weights."""
        return [self.encoder, self.decoder]

    def make_adversary(self) -> Adversary:
        """Returns the discriminator of codes, with its loss and penalties."""
        return self.adversary_of(self.judged)

    def call_specification(self) -> Any:
        """Returns the specification of samples, or of `[samples, one-hot labels]`."""
        samples, labels = self.samples.specification, self.labels.of_decoder
        return samples if labels is None else [samples, labels.specification]
