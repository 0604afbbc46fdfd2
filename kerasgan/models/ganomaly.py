from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import ops

from kerasgan.arguments import non_negative_number
from kerasgan.core import (
    AdversarialModel,
    LossSetting,
    Minibatch,
    OptimizerSetting,
    Outcome,
    PenaltiesSetting,
    Setting,
    Turn,
    one_input,
    steps_setting,
    use,
)
from kerasgan.penalties.feature_matching import feature_extractor
from kerasgan.tensors import flat, mean_distance


@keras.saving.register_keras_serializable(package="kerasgan")
class GANomaly(AdversarialModel):
    """GANomaly, an adversarial anomaly detector (Akcay, Atapour-Abarghouei & Breckon 2018).

    Train it on normal samples only. The generator is an encoder, a decoder and a second encoder. They turn a
    sample `x` into its code `z`, its reconstruction `G(x)`, and the code `z'` of the reconstruction. The
    generator reproduces an abnormal sample as something normal, because it has not learned others. Then `z'`
    differs from `z`. `anomaly_score` measures this difference.

    Args:
        encoder: Any `keras.Model` from samples to codes.
        decoder: Any `keras.Model` from codes to samples.
        second_encoder: Any `keras.Model` from samples to codes. In the paper it has the architecture of the
            encoder, and weights of its own.
        discriminator: Any `keras.Model` from samples to scores.
        features: The features `f`, as in `kerasgan.penalties.FeatureMatching`: the name of a layer of the
            discriminator, or a function of the discriminator that returns a `keras.Model` with the same
            inputs.
        seed: An integer, the seed of the game's random draws. Defaults to `None`:
            `keras.utils.set_random_seed` decides the seed.
        **kwargs: `normalization`, how the data were normalized (see `kerasgan.core.AdversarialModel`); `name`
            and `dtype`, as in `keras.Model`.

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

    generator_optimizer = OptimizerSetting("For both encoders and the decoder.")
    discriminator_optimizer = OptimizerSetting()
    # Each distance is a mean over a sample's values. So a weight means the same for samples of any size.
    adversarial_weight = Setting(1.0, non_negative_number, "The weight of `(f(x) - f(G(x)))^2`.")
    contextual_weight = Setting(50.0, non_negative_number, "The weight of `|x - G(x)|`.")
    encoder_weight = Setting(1.0, non_negative_number, "The weight of `(z - z')^2`.")
    loss = LossSetting(
        "non_saturating",
        "The discriminator's loss, as in `GAN.compile`. The generator's adversarial loss is the distance of "
        "features instead.",
    )
    penalties = PenaltiesSetting()
    discriminator_steps = steps_setting()

    serving_default = "reconstruct"

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
        self.add_players(
            encoder=encoder,
            decoder=decoder,
            second_encoder=second_encoder,
            discriminator=discriminator,
        )
        self.features = features

    def setup(self) -> None:
        """Finds out what the sub-models take and return."""
        self.samples = one_input("encoder", self.encoder)
        self.encoded = self.sub_model("encoder", self.samples, of="samples")
        self.codes = self.encoded.output_part()
        self.decoded = self.sub_model("decoder", self.codes, of="codes").reproducing(self.samples)
        again = self.sub_model("second_encoder", self.samples, of="samples")
        self.encoded_again = again.reproducing(self.codes)
        self.judged = self.sub_model("discriminator", self.samples, of="samples")
        self.adversary = self.adversary_of(self.judged)
        self.described = self.without_tracking(feature_extractor(self.features, self.discriminator))

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
        codes = self.encoded(real, training=training)
        fake = self.decoded(codes, training=training)
        codes_again = self.encoded_again(fake, training=training)
        real_features, fake_features = (
            self.judged(samples, training=training, model=self.described())
            for samples in (real, fake)
        )
        judged = self.adversary.generator_outcome(real, fake, minibatch)
        of_features = mean_distance(ops.square, real_features, fake_features)
        of_samples = mean_distance(ops.abs, real, fake)
        of_codes = mean_distance(ops.square, codes, codes_again)
        return Outcome(
            self.adversarial_weight * of_features,
            {
                "contextual": self.contextual_weight * of_samples,
                "encoder": self.encoder_weight * of_codes,
                **judged.terms,
            },
            judged.logs,
        )

    def fake(self, minibatch: Minibatch) -> Any:
        """Returns the reconstructions of the minibatch's samples."""
        codes = self.encoded(minibatch.real, training=minibatch.training)
        return self.decoded(codes, training=minibatch.training)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Returns the reconstructions of samples."""
        codes = self.encoded.as_it_is(inputs, training=training)
        return self.decoded.as_it_is(codes, training=training)

    @use(returns="samples")
    def reconstruct(self, samples: Any) -> Any:
        """Returns the reconstructions of samples, `(count, *sample_shape)`."""
        return self.decoded(self.encoded(samples, training=False), training=False)

    @use(returns="score")
    def anomaly_score(self, samples: Any) -> Any:
        """Returns how abnormal each sample is, `(count,)`: the 1-norm of `z - z'` (equation 5).

        It is never negative. The score of a sample does not depend on other samples. The paper scales the
        scores of a test set to `[0, 1]`. This method does not.
        """
        codes = self.encoded(samples, training=False)
        codes_again = self.encoded_again(self.reconstruct(samples), training=False)
        return ops.sum(flat(ops.abs(codes - codes_again)), axis=1)

    @use(returns="probability", judges=True)
    def discriminate(self, samples: Any) -> Any:
        """Returns the probability of each sample to be real, `(count,)`, like `GAN.discriminate`."""
        return self.adversary.judge(samples)
