from __future__ import annotations

from collections.abc import Mapping

import keras

from kerasgan.core import Part, split_inputs
from kerasgan.models.gan import GAN


@keras.saving.register_keras_serializable(package="kerasgan")
class ConditionalGAN(GAN):
    """A conditional generative adversarial network (Mirza & Osindero 2014).

    The game is `min_G max_D E[log D(x | y)] + E[log(1 - D(G(z | y) | y))]`. It has the turns of `GAN`, but
    both sub-models also see the condition of each example.

    Your sub-models decide what a condition is: an integer label, a one-hot or multi-hot vector, a real
    vector, an image, or a sequence. Give several conditions as a dictionary, with the names of the
    sub-models' inputs as keys. A discriminator can leave some out.

    Train it with `fit(x, y)` or on a data set of `(samples, conditions)`.

    Args:
        generator: Any `keras.Model` from `[latent samples, conditions]` to samples. Its first input is the
            latent one. If `prior` is a dictionary, the latent inputs are those that it names.
        discriminator: Any `keras.Model` from `[samples, conditions]` to scores.
        prior: As in `GAN`. Defaults to `None`, a standard normal.
        seed: As in `GAN`. Defaults to `None`.
        **kwargs: `normalization`, how the data were normalized (see `kerasgan.core.AdversarialModel`); `name`
            and `dtype`, as in `keras.Model`.

    Raises:
        TypeError: If a sub-model is not a `keras.Model`.
        ValueError: If the prior, the generator and the discriminator do not fit each other.

    Example:

    >>> def network(units):
    ...     samples, labels = keras.Input((2,)), keras.Input((3,))
    ...     joined = keras.layers.Concatenate()([samples, labels])
    ...     return keras.Model([samples, labels], keras.layers.Dense(units)(joined))
    >>> gan = kerasgan.ConditionalGAN(generator=network(2), discriminator=network(1))
    >>> gan.compile()
    >>> history = gan.fit(np.zeros((32, 2)), np.zeros((32, 3)), verbose=0)
    >>> gan.generate(4, condition=[0.0, 1.0, 0.0], seed=0).shape
    (4, 2)
    """

    def latent_and_condition(self) -> tuple[Part, Part | None]:
        """Returns the generator's inputs as parts: latent samples, then conditions."""
        latents = list(self.prior) if isinstance(self.prior, Mapping) else None
        latent, condition = split_inputs("generator", self.generator, latents)
        if condition is None:
            raise ValueError(
                "Invalid value for argument `generator`. Expected a model with two inputs, latent samples "
                f"and conditions, for `{type(self).__name__}`. Received: {self.generator.name!r} with 1 input"
            )
        return latent, condition
