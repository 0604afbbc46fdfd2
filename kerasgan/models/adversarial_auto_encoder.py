from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgan import priors
from kerasgan.arguments import positive_integer, random_seed
from kerasgan.backend import draw_rows, gather_rows
from kerasgan.core import AdversarialModel, Minibatch, Outcome, Turn
from kerasgan.core.adversary import Adversary
from kerasgan.core.inputs import check_model, conditioned, one_input, output_specification, predict
from kerasgan.core.labels import Labels
from kerasgan.core.reconstruction import check_reconstruction, join_autoencoder, per_example_loss
from kerasgan.core.training_data import check_array
from kerasgan.models._auto_encoder_exporting import AutoEncoderExporting
from kerasgan.precision import full_precision


@keras.saving.register_keras_serializable(package="kerasgan")
class AdversarialAutoEncoder(AdversarialModel, AutoEncoderExporting):
    """An adversarial auto-encoder (Makhzani et al. 2015).

    An auto-encoder whose codes are made to follow a prior: a discriminator tells draws of the prior (its
    real samples) from codes (its generated ones), and the encoder is the generator that passes its codes off
    as draws of the prior. So the decoder, fed with draws of the prior, generates.

    The sub-models decide which of the paper's variants it is:

    - The encoder may be deterministic, or end in `kerasgan.layers.GaussianSampling` (a Gaussian posterior),
      or take noise in by `kerasgan.layers.ConcatenateNoise` (a universal approximator).
    - A discriminator of `[codes, labels]` matches a label-informed prior (section 2.3), a decoder of
      `[codes, labels]` is told the label (section 4). `fit(x, y)` takes integer labels, -1 for unlabelled;
      the sub-models get them as one-hot vectors, the discriminator's with a last entry for unlabelled.

    Args:
        encoder: Any `keras.Model` from samples to codes.
        decoder: Any `keras.Model` from codes, or codes and labels, to samples.
        discriminator: Any `keras.Model` from codes, or codes and labels, to scores.
        prior: What the codes are to follow: a `kerasgan.priors.Prior`, the name of one, or a function of
            `(shape, seed)`. Defaults to `None`, a standard normal.
        seed: Where the game's random draws start. Defaults to `None`, as `keras.utils.set_random_seed`
            decides.
        **kwargs: `name` and `dtype`, as in `keras.Model`.

    Attributes:
        autoencoder: A `keras.Model` on the same weights: `autoencoder.compile("adam", "mse")` and
            `autoencoder.fit(x, x)` train it beforehand.

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
        self.encoder = check_model("encoder", encoder)
        self.decoder = check_model("decoder", decoder)
        self.discriminator = check_model("discriminator", discriminator)
        self.discriminator_steps = 1
        self._reconstruction_loss = keras.losses.get("mse")

        samples = one_input("encoder", encoder)
        codes = output_specification("encoder", encoder, samples, "samples")
        self.prior = priors.get(prior).shaped(tuple(codes.shape[1:]))
        self.labels = Labels(decoder, discriminator)
        self.conditional = self.labels.number_of_classes > 0
        decoded_inputs = conditioned(codes, self.labels.decoder_input)
        judged_inputs = conditioned(codes, self.labels.discriminator_input)
        output_specification("discriminator", discriminator, judged_inputs, "codes")
        decoded = output_specification("decoder", decoder, decoded_inputs, "codes")
        check_reconstruction("decoder", decoder, decoded, samples)
        self._samples = samples
        self.adversary = self._make_adversary(keras.tree.flatten(judged_inputs))
        autoencoder = join_autoencoder(encoder, decoder, samples, self.labels.decoder_input)
        # In a namespace, so that Keras does not count the same weights twice.
        self._pretraining = SimpleNamespace(model=autoencoder)
        self(conditioned(samples, self.labels.decoder_input))

    def turns(self) -> Sequence[Turn]:
        """The paper's two phases: reconstruction, then regularisation as a game on codes."""
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
        decoded = self._decode(self._codes(minibatch), minibatch)
        return Outcome(
            self._reconstruction_loss(minibatch.real, ops.cast(decoded, full_precision()))
        )

    def discriminator_objective(self, minibatch: Minibatch) -> Outcome:
        """The discriminator tells draws of the prior from codes."""
        codes = ops.stop_gradient(self._codes(minibatch))
        return self.adversary.discriminator_outcome(*self._on_codes(codes, minibatch))

    def generator_objective(self, minibatch: Minibatch) -> Outcome:
        """The encoder passes its codes off as draws of the prior."""
        return self.adversary.generator_outcome(*self._on_codes(self._codes(minibatch), minibatch))

    def fake(self, minibatch: Minibatch) -> Any:
        """Returns what the decoder makes of as many draws of the prior as the minibatch has examples."""
        return ops.cast(self._decode(self._draw(minibatch), minibatch), full_precision())

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Returns reconstructions of samples, or of `[samples, one-hot labels]`."""
        samples, labels = inputs if self.labels.decoder_input is not None else (inputs, None)
        codes = self.averaged(self.encoder, training)(samples, training=training)
        decoder = self.averaged(self.decoder, training)
        return decoder(conditioned(codes, labels), training=training)

    def generating_models(self) -> Sequence[keras.Model]:
        """The encoder and the decoder, which `generator_ema` averages."""
        return [self.encoder, self.decoder]

    def _codes(self, minibatch: Minibatch) -> Any:
        encoder = self.averaged(self.encoder, minibatch.training)
        return ops.cast(encoder(minibatch.real, training=minibatch.training), full_precision())

    def _decode(self, codes: Any, minibatch: Minibatch) -> Any:
        labels = self.labels.for_decoder(minibatch.condition)
        decoder = self.averaged(self.decoder, minibatch.training)
        return decoder(conditioned(codes, labels), training=minibatch.training)

    def _draw(self, minibatch: Minibatch) -> Any:
        """Draws from the prior: from the part that belongs to each example's label, where it has one."""
        labels = minibatch.condition
        return draw_rows(
            lambda rows: self.labels.sample(
                self.prior, rows, labels if labels is None else gather_rows(labels), minibatch.seed
            ),
            minibatch.rows,
        )

    def _conditions(self, count: int, condition: Any, argument: str = "condition") -> Any:
        labels = super()._conditions(count, condition, argument)
        return None if labels is None else self.labels.check(argument, labels)

    def _on_codes(self, codes: Any, minibatch: Minibatch) -> tuple[Any, Any, Minibatch]:
        """Returns real and generated codes, and the minibatch as the discriminator of codes meets it."""
        labels = self.labels.for_discriminator(minibatch.condition)
        game = Minibatch(codes, labels, minibatch.training, minibatch.seed)
        return self._draw(minibatch), codes, game

    def _make_adversary(self, inputs: Sequence[keras.KerasTensor]) -> Adversary:
        return Adversary(self.discriminator, inputs)

    def specification(self) -> tuple[keras.KerasTensor, keras.KerasTensor | None]:
        """Returns the shapes and dtypes of a batch of real samples and of their labels."""
        return self._samples, keras.KerasTensor((None,), "int32") if self.conditional else None

    @property
    def autoencoder(self) -> keras.Model:
        """The encoder and the decoder as one model, on the same weights."""
        return self._pretraining.model

    def compile(
        self,
        reconstruction_optimizer: Any = None,
        discriminator_optimizer: Any = None,
        generator_optimizer: Any = None,
        reconstruction_loss: Any = "mse",
        loss: Any = "non_saturating",
        penalties: Any = (),
        discriminator_steps: int = 1,
        metrics: Any = (),
        **keras_arguments: Any,
    ) -> None:
        """Prepares the game.

        Args:
            reconstruction_optimizer: For the encoder and the decoder; as in `GAN.compile`.
            discriminator_optimizer: As in `GAN.compile`.
            generator_optimizer: For the encoder as a generator of codes; as in `GAN.compile`.
            reconstruction_loss: A Keras loss, or the name of one. Defaults to `"mse"`.
            loss: As in `GAN.compile`. Defaults to `"non_saturating"`.
            penalties: As in `GAN.compile`, on codes. Defaults to none.
            discriminator_steps: As in `GAN.compile`. Defaults to 1.
            metrics: As in `GAN.compile`, of samples and decoded draws of the prior. Defaults to none.
            **keras_arguments: As in `GAN.compile`, `generator_ema` too.

        Raises:
            ValueError, TypeError: As in `GAN.compile`.
        """
        self.discriminator_steps = positive_integer("discriminator_steps", discriminator_steps)
        self._reconstruction_loss = per_example_loss(reconstruction_loss)
        self.adversary.prepare(loss, penalties, self.turns())
        self.compile_game(
            {
                "reconstruction": reconstruction_optimizer,
                "discriminator": discriminator_optimizer,
                "generator": generator_optimizer,
            },
            metrics=metrics,
            arguments={
                "reconstruction_loss": reconstruction_loss,
                "loss": self.adversary.loss,
                "penalties": list(self.adversary.penalties),
                "discriminator_steps": self.discriminator_steps,
            },
            **keras_arguments,
        )

    def encode(self, x: Any, batch_size: int = 256) -> np.ndarray:
        """Returns the codes of samples, `(count, *code_shape)`."""
        x = np.asarray(x, keras.config.floatx())
        check_array("x", x, self._samples.shape[1:])
        return predict(self.averaged(self.encoder), x, batch_size)

    def decode(self, codes: Any, labels: Any = None, batch_size: int = 256) -> np.ndarray:
        """Returns the samples that codes (and labels, where the decoder takes them) stand for."""
        codes = np.asarray(codes, keras.config.floatx())
        check_array("codes", codes, self.prior.shape)
        return self._predict_decoded(codes, labels, batch_size)

    def reconstruct(self, x: Any, labels: Any = None, batch_size: int = 256) -> np.ndarray:
        """Returns the samples that the codes of samples stand for."""
        return self._predict_decoded(self.encode(x, batch_size), labels, batch_size)

    def generate(
        self, count: int, condition: Any = None, seed: int | None = None, batch_size: int = 256
    ) -> np.ndarray:
        """Generates samples: decodes draws of the prior.

        Args:
            count: How many.
            condition: In a game with labels: an integer label for each sample, or one for all.
            seed: An integer gives the same samples each time. Defaults to `None`, new ones.
            batch_size: How many to generate at once. Defaults to 256.

        Raises:
            ValueError: If `count` is not a positive integer, or labels are missing or surplus.
        """
        count, seed = positive_integer("count", count), random_seed(seed)
        labels = self._conditions(count, condition)
        codes = ops.convert_to_numpy(self.labels.sample(self.prior, count, labels, seed))
        return self._predict_decoded(codes, labels, batch_size, seed)

    def discriminate(self, x: Any, condition: Any = None, batch_size: int = 256) -> np.ndarray:
        """Judges the codes of samples: the probability of each to be a draw of the prior, `(count,)`."""
        codes = self.encode(x, batch_size)
        labels = self._conditions(len(codes), condition) if self.conditional else None
        return self.adversary.judge(codes, self.labels.for_discriminator(labels), batch_size)

    def _predict_decoded(
        self, codes: np.ndarray, labels: Any, batch_size: int, seed: int | None = None
    ) -> np.ndarray:
        takes_labels = self.labels.decoder_input is not None
        known = self._conditions(len(codes), labels) if takes_labels else None
        inputs = conditioned(codes, self.labels.for_decoder(known))
        return predict(self.averaged(self.decoder), inputs, batch_size, seed)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal model, but for its weights."""
        serialize = keras.saving.serialize_keras_object
        return {
            "encoder": serialize(self.encoder),
            "decoder": serialize(self.decoder),
            "discriminator": serialize(self.discriminator),
            "prior": serialize(self.prior),
            "name": self.name,
            "dtype": serialize(self.dtype_policy),
        }
