from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import ops

from kerasgan.arguments import non_negative_number
from kerasgan.backend import draw_rows
from kerasgan.core import Minibatch, OptimizerSetting, Outcome, Part, Setting, Turn
from kerasgan.models.gan import GAN
from kerasgan.penalties.feature_matching import feature_extractor
from kerasgan.tensors import mean_distance


@keras.saving.register_keras_serializable(package="kerasgan")
class DenoisingFeatureMatchingGAN(GAN):
    """A GAN with denoising feature matching (Warde-Farley & Bengio 2017).

    A third player, the denoiser `r`, learns to restore the discriminator's features `f` of real samples from
    noisy features. It moves a point to where real features are denser. So the generator has a second loss
    term besides its adversarial loss: its features should be near what the denoiser makes of them. The
    generator minimizes `adversarial + weight * ||f(G(z)) - r(f(G(z)))||^2`.

    Args:
        generator: As in `GAN`.
        discriminator: As in `GAN`.
        denoiser: Any `keras.Model` from features to features of the same shape.
        features: The features, as in `kerasgan.penalties.FeatureMatching`: the name of a layer of the
            discriminator, or a function of the discriminator that returns a `keras.Model` with the same
            inputs.
        prior: As in `GAN`. Defaults to `None`, a standard normal.
        seed: As in `GAN`. Defaults to `None`.
        **kwargs: `normalization`, how the data were normalized (see `kerasgan.core.AdversarialModel`); `name`
            and `dtype`, as in `keras.Model`.

    Raises:
        TypeError: If a sub-model is not a `keras.Model`.
        ValueError: If the prior and the sub-models do not fit each other, or the discriminator has no such
            layer.

    Example:

    >>> def network(*sizes):
    ...     layers = [keras.layers.Dense(size) for size in sizes[1:]]
    ...     return keras.Sequential([keras.Input(sizes[:1]), *layers])
    >>> discriminator = network(2, 8, 1)
    >>> discriminator.layers[0].name = "hidden"
    >>> gan = kerasgan.DenoisingFeatureMatchingGAN(
    ...     network(4, 2), discriminator, denoiser=network(8, 8), features="hidden"
    ... )
    >>> gan.compile(denoising_weight=0.1)
    >>> history = gan.fit(np.zeros((64, 2)), verbose=0)
    >>> [turn.name for turn in gan.turns()]
    ['discriminator', 'denoiser', 'generator']
    """

    denoiser_optimizer = OptimizerSetting()
    # No augmentation: the denoiser learns the features of unchanged samples.
    augmentation = None
    denoising_weight = Setting(
        0.03,
        non_negative_number,
        "The weight of the distance from the generator's features to the denoised features. The distance is "
        "a mean over the features.",
    )
    noise = Setting(
        1.0, non_negative_number, "The standard deviation of the noise that the denoiser removes."
    )

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        denoiser: keras.Model,
        features: str | Callable[[keras.Model], keras.Model],
        prior: Any = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(generator, discriminator, prior, seed=seed, **kwargs)
        self.add_players(denoiser=denoiser)
        self.features = features

    def setup(self) -> None:
        """Finds out what the sub-models take and return."""
        super().setup()
        self.described = self.without_tracking(feature_extractor(self.features, self.discriminator))
        of_samples = self.described()(self.samples.specification, training=False)
        described = Part(keras.KerasTensor(of_samples.shape, keras.config.floatx()))
        self.denoised = self.sub_model("denoiser", described, of="features").reproducing(described)

    def turns(self) -> Sequence[Turn]:
        """The discriminator, the denoiser of its features, and the generator (section 3)."""
        discriminator, generator = super().turns()
        denoiser = Turn("denoiser", players=[self.denoiser], objective=self.denoiser_objective)
        return discriminator, denoiser, generator

    def denoiser_objective(self, minibatch: Minibatch) -> Outcome:
        """The denoiser restores the features of real samples."""
        features = ops.stop_gradient(self._features(minibatch.real, minibatch))
        noise = draw_rows(
            lambda rows: keras.random.normal((rows, *features.shape[1:]), seed=minibatch.seed),
            minibatch.rows,
        )
        restored = self.denoised(features + self.noise * noise, training=minibatch.training)
        return Outcome(mean_distance(ops.square, restored, features))

    def generator_objective(self, minibatch: Minibatch) -> Outcome:
        """The generator makes samples that look real, and follows the denoiser."""
        latent, fake = self.draw(minibatch)
        adversarial = self.adversary.generator_outcome(minibatch.real, fake, minibatch, latent)
        features = self._features(fake, minibatch)
        # The denoiser's output is a target: no gradient goes through it.
        goal = ops.stop_gradient(self.denoised(features, training=minibatch.training))
        denoising = self.denoising_weight * mean_distance(ops.square, features, goal)
        terms = {**adversarial.terms, "denoising": denoising}
        return Outcome(adversarial.loss, terms, adversarial.logs)

    def _features(self, samples: Any, minibatch: Minibatch) -> Any:
        model = self.described()
        return self.judged(samples, None, training=minibatch.training, model=model)
