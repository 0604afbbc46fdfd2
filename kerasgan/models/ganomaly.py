from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgan.arguments import non_negative_number, positive_integer
from kerasgan.core import AdversarialModel, Minibatch, Outcome, Turn
from kerasgan.core.adversary import Adversary
from kerasgan.core.export import Exporting
from kerasgan.core.inputs import (
    check_model,
    input_specifications,
    output_specification,
    predict,
)
from kerasgan.core.reconstruction import check_reconstruction
from kerasgan.core.signatures import Signature, as_float, batch_of, judgement
from kerasgan.core.training_data import check_array
from kerasgan.penalties.feature_matching import feature_extractor
from kerasgan.penalties.penalty import flat
from kerasgan.precision import full_precision


@keras.saving.register_keras_serializable(package="kerasgan")
class GANomaly(AdversarialModel, Exporting):
    """GANomaly, an adversarial anomaly detector (Akcay, Atapour-Abarghouei & Breckon 2018).

    It is trained on normal samples only. The generator is an encoder, a decoder and a second encoder: a
    sample `x`, its code `z`, its reconstruction `G(x)`, and the code `z'` of that. What the generator never
    learnt to reproduce, it reproduces as something normal, so `z'` strays from `z`: `anomaly_score`.

    Args:
        encoder: Any `keras.Model` from samples to codes.
        decoder: Any `keras.Model` from codes to samples.
        second_encoder: Any `keras.Model` from samples to codes; the paper's has the encoder's architecture
            and weights of its own.
        discriminator: Any `keras.Model` from samples to scores.
        features: Where the features `f` come from: as in `kerasgan.penalties.FeatureMatching`, the name of a
            layer of the discriminator, or a function of it that returns a `keras.Model` on its inputs.
        seed: Where the game's random draws start. Defaults to `None`, as `keras.utils.set_random_seed`
            decides.
        **kwargs: `name` and `dtype`, as in `keras.Model`.

    Raises:
        TypeError: If a sub-model is not a `keras.Model`.
        ValueError: If the sub-models do not fit each other, or the discriminator has no such layer.

    Example:

    >>> def network(*sizes):
    ...     layers = [keras.layers.Dense(size) for size in sizes[1:]]
    ...     return keras.Sequential([keras.Input(sizes[:1]), *layers])
    >>> discriminator = network(8, 4, 1)
    >>> discriminator.layers[0].name = "hidden"
    >>> model = kerasgan.GANomaly(
    ...     network(8, 2), network(2, 8), network(8, 2), discriminator, features="hidden"
    ... )
    >>> model.compile()
    >>> history = model.fit(np.zeros((64, 8)), verbose=0)
    >>> model.anomaly_score(np.zeros((3, 8))).shape
    (3,)
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        second_encoder: keras.Model,
        discriminator: keras.Model,
        features: str | Callable[[keras.Model], keras.Model],
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, **kwargs)
        self.encoder = check_model("encoder", encoder)
        self.decoder = check_model("decoder", decoder)
        self.second_encoder = check_model("second_encoder", second_encoder)
        self.discriminator = check_model("discriminator", discriminator)
        self.features = features
        self.discriminator_steps = 1
        self._weights_of_terms = {"adversarial": 1.0, "contextual": 50.0, "encoder": 1.0}

        (samples,) = input_specifications("encoder", encoder)
        codes = output_specification("encoder", encoder, samples, "samples")
        reconstructed = output_specification("decoder", decoder, codes, "codes")
        check_reconstruction("decoder", decoder, reconstructed, samples)
        again = output_specification("second_encoder", second_encoder, samples, "samples")
        check_reconstruction("second_encoder", second_encoder, again, codes)
        output_specification("discriminator", discriminator, samples, "samples")
        self._samples = samples
        self.adversary = Adversary(self.discriminator, [samples])
        # In a namespace, so that Keras does not count the same weights twice.
        self._extractor = SimpleNamespace(model=feature_extractor(features, discriminator))
        self(samples)

    def turns(self) -> Sequence[Turn]:
        """Section 3.2 of the paper: the discriminator, then the generator of three networks."""
        return (
            Turn(
                "discriminator",
                players=[self.discriminator],
                objective=self.discriminator_objective,
                steps=self.discriminator_steps,
            ),
            Turn(
                "generator",
                players=[self.encoder, self.decoder, self.second_encoder],
                objective=self.generator_objective,
            ),
        )

    def discriminator_objective(self, minibatch: Minibatch) -> Outcome:
        """The discriminator tells samples from their reconstructions."""
        fake = ops.stop_gradient(self.fake(minibatch))
        return self.adversary.discriminator_outcome(minibatch.real, fake, minibatch)

    def generator_objective(self, minibatch: Minibatch) -> Outcome:
        """The generator reproduces samples, their features and their codes (equations 1 to 4)."""
        real, training = minibatch.real, minibatch.training
        codes = self.averaged(self.encoder, training)(real, training=training)
        decoded = self.averaged(self.decoder, training)(codes, training=training)
        fake = ops.cast(decoded, full_precision())
        codes_again = self.averaged(self.second_encoder, training)(fake, training=training)
        real_features, fake_features = (
            self._extractor.model(samples, training=training) for samples in (real, fake)
        )
        weight = self._weights_of_terms
        judged = self.adversary.generator_outcome(real, fake, minibatch)
        return Outcome(
            weight["adversarial"] * _mean_per_example(ops.square, real_features, fake_features),
            {
                "contextual": weight["contextual"] * _mean_per_example(ops.abs, real, fake),
                "encoder": weight["encoder"] * _mean_per_example(ops.square, codes, codes_again),
                **judged.terms,
            },
            judged.logs,
        )

    def fake(self, minibatch: Minibatch) -> Any:
        """Returns the reconstructions of the minibatch's samples."""
        return ops.cast(self(minibatch.real, training=minibatch.training), full_precision())

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Returns the reconstructions of samples."""
        codes = self.averaged(self.encoder, training)(inputs, training=training)
        return self.averaged(self.decoder, training)(codes, training=training)

    def specification(self) -> tuple[keras.KerasTensor, keras.KerasTensor | None]:
        """Returns the shape and dtype of a batch of real samples."""
        return self._samples, None

    def compile(
        self,
        generator_optimizer: Any = None,
        discriminator_optimizer: Any = None,
        adversarial_weight: float = 1.0,
        contextual_weight: float = 50.0,
        encoder_weight: float = 1.0,
        loss: Any = "non_saturating",
        penalties: Any = (),
        discriminator_steps: int = 1,
        metrics: Any = (),
        **keras_arguments: Any,
    ) -> None:
        """Prepares the game.

        The generator minimises three distances, each a mean over a sample's values, so that a weight means
        the same for samples of any size.

        Args:
            generator_optimizer: For both encoders and the decoder; as in `GAN.compile`.
            discriminator_optimizer: As in `GAN.compile`.
            adversarial_weight: The weight of `(f(x) - f(G(x)))^2`. Defaults to 1.0.
            contextual_weight: The weight of `|x - G(x)|`. Defaults to 50.0.
            encoder_weight: The weight of `(z - z')^2`. Defaults to 1.0.
            loss: The discriminator's loss, as in `GAN.compile`; the generator's adversarial loss is the
                distance of features. Defaults to `"non_saturating"`.
            penalties: As in `GAN.compile`. Defaults to none.
            discriminator_steps: As in `GAN.compile`. Defaults to 1.
            metrics: As in `GAN.compile`, of samples and their reconstructions. Defaults to none.
            **keras_arguments: As in `GAN.compile`, `generator_ema` too.

        Raises:
            ValueError: If a name is unknown, a weight is negative or `discriminator_steps` is not a positive
                integer.
            TypeError: If a loss, a penalty or a metric is of another kind.
        """
        self._weights_of_terms = {
            "adversarial": non_negative_number("adversarial_weight", adversarial_weight),
            "contextual": non_negative_number("contextual_weight", contextual_weight),
            "encoder": non_negative_number("encoder_weight", encoder_weight),
        }
        self.discriminator_steps = positive_integer("discriminator_steps", discriminator_steps)
        self.adversary.prepare(loss, penalties, self.turns())
        self.compile_game(
            {"discriminator": discriminator_optimizer, "generator": generator_optimizer},
            metrics=metrics,
            arguments={
                "adversarial_weight": adversarial_weight,
                "contextual_weight": contextual_weight,
                "encoder_weight": encoder_weight,
                "loss": self.adversary.loss,
                "penalties": list(self.adversary.penalties),
                "discriminator_steps": self.discriminator_steps,
            },
            **keras_arguments,
        )

    def reconstruct(self, x: Any, batch_size: int = 256) -> np.ndarray:
        """Returns the reconstructions of samples, `(count, *sample_shape)`."""
        return predict(self, self._as_samples(x), batch_size)

    def anomaly_score(self, x: Any, batch_size: int = 256) -> np.ndarray:
        """Returns how abnormal each sample is: the 1-norm of `z - z'` (equation 5).

        Args:
            x: Samples `(count, *sample_shape)`.
            batch_size: How many to score at once. Defaults to 256.

        Returns:
            Array `(count,)`, not negative. A sample's score does not depend on the others; the paper's
            scaling to `[0, 1]` over a test set is left to the user.

        Raises:
            ValueError: If the samples have another shape.
        """
        codes, codes_again = (
            predict(model, samples, batch_size)
            for model, samples in (
                (self.averaged(self.encoder), self._as_samples(x)),
                (self.averaged(self.second_encoder), self.reconstruct(x, batch_size)),
            )
        )
        return np.abs(codes - codes_again).reshape(len(codes), -1).sum(axis=1)

    def discriminate(self, x: Any, batch_size: int = 256) -> np.ndarray:
        """Returns the probability of each sample to be real, `(count,)`; as `GAN.discriminate`."""
        return self.adversary.judge(self._as_samples(x), None, batch_size)

    def _as_samples(self, x: Any) -> np.ndarray:
        x = np.asarray(x, keras.config.floatx())
        check_array("x", x, self._samples.shape[1:])
        return x

    def signatures(self) -> dict[str, Signature]:
        """Returns what an export can be asked for: its methods by their names, `reconstruct` by default."""
        encoder, second = self.averaged(self.encoder), self.averaged(self.second_encoder)

        def reconstruct(samples: Any) -> dict[str, Any]:
            return {"samples": as_float(self.call(samples))}

        def anomaly_score(samples: Any) -> dict[str, Any]:
            codes = as_float(encoder(samples, training=False))
            codes_again = as_float(second(reconstruct(samples)["samples"], training=False))
            return {"score": ops.sum(flat(ops.abs(codes - codes_again)), axis=1)}

        def discriminate(samples: Any) -> dict[str, Any]:
            return judgement(self.adversary, samples, None)

        inputs = {"samples": batch_of(self._samples)}
        return {
            name: Signature(function, inputs)
            for name, function in {
                "serving_default": reconstruct,
                "reconstruct": reconstruct,
                "anomaly_score": anomaly_score,
                "discriminate": discriminate,
            }.items()
        }

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal model, but for its weights."""
        serialize = keras.saving.serialize_keras_object
        return {
            "encoder": serialize(self.encoder),
            "decoder": serialize(self.decoder),
            "second_encoder": serialize(self.second_encoder),
            "discriminator": serialize(self.discriminator),
            "features": serialize(self.features),
            "name": self.name,
            "dtype": serialize(self.dtype_policy),
        }


def _mean_per_example(distance: Callable[[Any], Any], first: Any, second: Any) -> Any:
    difference = ops.cast(first, full_precision()) - ops.cast(second, full_precision())
    return ops.mean(flat(distance(difference)), axis=1)
