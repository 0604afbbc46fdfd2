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
    noisy ones. Where it moves a point is where the real features are denser, so the generator is drawn to
    what the denoiser makes of its own features, in addition to its adversarial loss:
    `adversarial + weight * ||f(G(z)) - r(f(G(z)))||^2`.

    Args:
        generator: As in `GAN`.
        discriminator: As in `GAN`.
        denoiser: Any `keras.Model` from features to features of the same shape.
        features: Where the features come from: as in `kerasgan.penalties.FeatureMatching`, the name of a
            layer of the discriminator, or a function of it that returns a `keras.Model` on its inputs.
        prior: As in `GAN`. Defaults to `None`, a standard normal.
        seed: As in `GAN`. Defaults to `None`.
        **kwargs: `normalization`, what the data were normalized by (see `kerasgan.core.AdversarialModel`);
            `name` and `dtype`, as in `keras.Model`.

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
    # The denoiser learns the features of samples as they are.
    augmentation = None
    denoising_weight = Setting(
        0.03,
        non_negative_number,
        "The weight of the generator's distance from the denoised features, a mean over the features.",
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
        """Works out what the sub-models take and give."""
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
        """The generator passes its samples off as real, and follows the denoiser."""
        latent, fake = self.draw(minibatch)
        adversarial = self.adversary.generator_outcome(minibatch.real, fake, minibatch, latent)
        features = self._features(fake, minibatch)
        # The denoiser says where to go; it is not a path for the gradient.
        goal = ops.stop_gradient(self.denoised(features, training=minibatch.training))
        denoising = self.denoising_weight * mean_distance(ops.square, features, goal)
        terms = {**adversarial.terms, "denoising": denoising}
        return Outcome(adversarial.loss, terms, adversarial.logs)

    def _features(self, samples: Any, minibatch: Minibatch) -> Any:
        model = self.described()
        return self.judged(samples, None, training=minibatch.training, model=model)
