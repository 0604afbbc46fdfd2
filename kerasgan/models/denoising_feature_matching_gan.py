from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import keras
from keras import ops

from kerasgan import losses
from kerasgan.arguments import non_negative_number, positive_integer
from kerasgan.backend import draw_rows
from kerasgan.core import Minibatch, Outcome, Turn
from kerasgan.core.adversary import Adversary
from kerasgan.core.inputs import check_model, output_specification
from kerasgan.core.reconstruction import check_reconstruction
from kerasgan.models.gan import GAN
from kerasgan.penalties.feature_matching import feature_extractor
from kerasgan.penalties.penalty import flat
from kerasgan.precision import full_precision


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
        **kwargs: `name` and `dtype`, as in `keras.Model`.

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
        # Keras takes no more sub-models once `GAN` has built the game.
        self.denoiser = check_model("denoiser", denoiser)
        self.features = features
        self._denoising_weight, self._noise = 0.03, 1.0
        super().__init__(generator, discriminator, prior, seed=seed, **kwargs)

    def _make_adversary(self, inputs: Sequence[keras.KerasTensor]) -> Adversary:
        model = feature_extractor(self.features, self.discriminator)
        values = output_specification("features", model, inputs[0], "samples")
        denoised = output_specification("denoiser", self.denoiser, values, "features")
        check_reconstruction("denoiser", self.denoiser, denoised, values)
        # In a namespace, so that Keras does not count the same weights twice.
        self._extractor = SimpleNamespace(model=model)
        return super()._make_adversary(inputs)

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
        restored = self.denoiser(features + self._noise * noise, training=minibatch.training)
        return Outcome(_squared_distance(restored, features))

    def generator_objective(self, minibatch: Minibatch) -> Outcome:
        """The generator passes its samples off as real, and follows the denoiser."""
        fake = self.fake(minibatch)
        adversarial = self.adversary.generator_outcome(minibatch.real, fake, minibatch)
        features = self._features(fake, minibatch)
        # The denoiser says where to go; it is not a path for the gradient.
        goal = ops.stop_gradient(self.denoiser(features, training=minibatch.training))
        denoising = self._denoising_weight * _squared_distance(features, goal)
        terms = {**adversarial.terms, "denoising": denoising}
        return Outcome(adversarial.loss, terms, adversarial.logs)

    def _features(self, samples: Any, minibatch: Minibatch) -> Any:
        return ops.cast(
            self._extractor.model(samples, training=minibatch.training), full_precision()
        )

    def compile(  # type: ignore[override]  # a third player has an optimizer too
        self,
        generator_optimizer: Any = None,
        discriminator_optimizer: Any = None,
        denoiser_optimizer: Any = None,
        denoising_weight: float = 0.03,
        noise: float = 1.0,
        loss: Any = "non_saturating",
        penalties: Any = (),
        discriminator_steps: int = 1,
        metrics: Any = (),
        **keras_arguments: Any,
    ) -> None:
        """Prepares the game.

        Args:
            generator_optimizer: As in `GAN.compile`.
            discriminator_optimizer: As in `GAN.compile`.
            denoiser_optimizer: As in `GAN.compile`.
            denoising_weight: The weight of the generator's distance from the denoised features, a mean over
                the features. Defaults to 0.03.
            noise: The standard deviation of the noise that the denoiser learns to remove. Defaults to 1.0.
            loss: As in `GAN.compile`. Defaults to `"non_saturating"`.
            penalties: As in `GAN.compile`. Defaults to none.
            discriminator_steps: As in `GAN.compile`. Defaults to 1.
            metrics: As in `GAN.compile`. Defaults to none.
            **keras_arguments: As in `GAN.compile`, `generator_ema` too.

        Raises:
            ValueError: If a name is unknown, a number is negative or `discriminator_steps` is not a positive
                integer.
            TypeError: If a loss, a penalty or a metric is of another kind.
        """
        self._denoising_weight = non_negative_number("denoising_weight", denoising_weight)
        self._noise = non_negative_number("noise", noise)
        self.discriminator_steps = positive_integer("discriminator_steps", discriminator_steps)
        self.adversary.prepare(losses.get(loss), penalties, self.turns())
        self.compile_game(
            {
                "discriminator": discriminator_optimizer,
                "denoiser": denoiser_optimizer,
                "generator": generator_optimizer,
            },
            metrics=metrics,
            arguments={
                "denoising_weight": denoising_weight,
                "noise": noise,
                "loss": self.adversary.loss,
                "penalties": list(self.adversary.penalties),
                "discriminator_steps": self.discriminator_steps,
            },
            **keras_arguments,
        )

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal model, but for its weights."""
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "denoiser": serialize(self.denoiser),
            "features": serialize(self.features),
        }


def _squared_distance(first: Any, second: Any) -> Any:
    difference = ops.cast(first, full_precision()) - ops.cast(second, full_precision())
    return ops.mean(ops.square(flat(difference)), axis=1)
