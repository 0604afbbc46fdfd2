from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgan import priors
from kerasgan.arguments import invalid, one_of
from kerasgan.backend import draw_rows
from kerasgan.core import (
    GenerativeModel,
    LossSetting,
    Minibatch,
    OptimizerSetting,
    Outcome,
    Part,
    PenaltiesSetting,
    Turn,
    Weighted,
    one_input,
    steps_setting,
    use,
)
from kerasgan.models._labels import labels_of
from kerasgan.models._reconstruction_setting import ReconstructionSetting
from kerasgan.priors.prior import independent_seeds
from kerasgan.tensors import at_least_float32


@keras.saving.register_keras_serializable(package="kerasgan")
class SemiSupervisedAdversarialAutoEncoder(GenerativeModel):
    """An auto-encoder whose code is a category and a style (Makhzani et al. 2015, sections 5 to 7).

    The encoder returns a style `z`, and the logits of K categories. Their softmax is `y`. The decoder
    reproduces the sample from `y` and `z`. Two discriminators make `y` look like one-hot draws of a
    categorical prior, and `z` like draws of another prior. So `y` learns the discrete properties of the
    samples. Labeled samples decide the meaning of each category.

    Give integer labels to `fit(x, y)`, -1 for unlabeled. `kerasgan.datasets.partially_labeled` puts labeled
    samples in each minibatch.

    - With some labels, it classifies (semi-supervised learning, section 5).
    - With only -1 as labels, it clusters (section 6). Afterward, `cluster_labels` names the clusters.
    - With `kerasgan.layers.ClusterHeads` at the start of the decoder, it reduces dimensions: category and
      style share few dimensions (section 7).

    Args:
        encoder: Any `keras.Model` from samples to `[logits, style]`. Both are vectors. Do not apply a
            softmax.
        decoder: Any `keras.Model` from `[category, style]` to samples.
        category_discriminator: Any `keras.Model` from categories (K numbers) to scores.
        style_discriminator: Any `keras.Model` from styles to scores.
        prior: The distribution that styles should have, as in `GAN`. Defaults to `None`, a standard normal.
        category_prior: The distribution that categories should have. Defaults to `"categorical"`: K
            categories with equal probability.
        seed: As in `GAN`. Defaults to `None`.
        **kwargs: `normalization`, how the data were normalized (see `kerasgan.core.AdversarialModel`); `name`
            and `dtype`, as in `keras.Model`.

    Raises:
        TypeError: If a sub-model is not a `keras.Model`.
        ValueError: If the sub-models and the priors do not fit each other.

    Example:

    >>> def network(inputs, outputs):
    ...     inputs = [keras.Input((size,)) for size in inputs]
    ...     joint = keras.layers.Concatenate()(inputs) if len(inputs) > 1 else inputs[0]
    ...     outputs = [keras.layers.Dense(size)(joint) for size in outputs]
    ...     return keras.Model(*(part if len(part) > 1 else part[0] for part in (inputs, outputs)))
    >>> model = kerasgan.SemiSupervisedAdversarialAutoEncoder(
    ...     encoder=network([8], [3, 2]),
    ...     decoder=network([3, 2], [8]),
    ...     category_discriminator=network([3], [1]),
    ...     style_discriminator=network([2], [1]),
    ... )
    >>> model.compile()
    >>> history = model.fit(np.zeros((64, 8)), np.array([0, 1, 2, -1] * 16), verbose=0)
    >>> model.classify(np.zeros((4, 8))).shape, model.generate(5, condition=1, seed=0).shape
    ((4, 3), (5, 8))
    """

    reconstruction_optimizer = OptimizerSetting("For the encoder and the decoder.")
    discriminator_optimizer = OptimizerSetting("For both discriminators.")
    generator_optimizer = OptimizerSetting("For the encoder as a generator of codes.")
    classification_optimizer = OptimizerSetting("For the encoder as a classifier.")
    reconstruction_loss = ReconstructionSetting()
    loss = LossSetting("non_saturating")
    penalties = PenaltiesSetting("Penalties of both games, by name or as objects.")
    discriminator_steps = steps_setting()

    serving_default = "classify"

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        category_discriminator: keras.Model,
        style_discriminator: keras.Model,
        prior: Any = None,
        category_prior: Any = "categorical",
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, **kwargs)
        self.add_players(
            encoder=encoder,
            decoder=decoder,
            category_discriminator=category_discriminator,
            style_discriminator=style_discriminator,
        )
        self.prior = priors.get(prior)
        self.category_prior = priors.get(category_prior)

    def setup(self) -> None:
        """Finds out what the sub-models take and return."""
        self.samples = one_input("encoder", self.encoder)
        self.encoded = self.sub_model("encoder", self.samples, of="samples")
        shapes = [tuple(code.shape) for code in keras.tree.flatten(self.encoded.output)]
        if len(shapes) != 2 or any(len(shape) != 2 or None in shape[1:] for shape in shapes):
            expected = "a model with two vectors as outputs, [logits, style]"
            raise invalid("encoder", shapes, expected)
        category, style = (keras.KerasTensor(shape, keras.config.floatx()) for shape in shapes)
        self.category, self.style = Part(category), Part(style)
        self.latent = Part({"category": category, "style": style})
        self.number_of_classes = shapes[0][1]
        # A category for each sample to generate. -1 means a random one.
        self.condition = labels_of(self.number_of_classes, default=-1)
        self.prior = self.prior.shaped(shapes[1][1:])
        self.category_prior = self.category_prior.shaped(shapes[0][1:])
        decoded = self.sub_model("decoder", self.category, self.style, of="[category, style]")
        self.decoded = decoded.reproducing(self.samples)
        judged = self.sub_model("category_discriminator", self.category, of="categories")
        self.category_adversary = self.adversary_of(judged)
        judged = self.sub_model("style_discriminator", self.style, of="styles")
        self.style_adversary = self.adversary_of(judged)

    @property
    def target(self) -> Part:
        """Labels, -1 for unlabeled."""
        return labels_of(self.number_of_classes)

    def turns(self) -> Sequence[Turn]:
        """Section 5: reconstruction, regularization as two games on codes, classification."""
        return (
            Turn("reconstruction", [self.encoder, self.decoder], self.reconstruction_objective),
            Turn(
                "discriminator",
                [self.category_discriminator, self.style_discriminator],
                self.discriminator_objective,
                steps=self.discriminator_steps,
            ),
            Turn("generator", [self.encoder], self.generator_objective),
            Turn("classification", [self.encoder], self.classification_objective),
        )

    def reconstruction_objective(self, minibatch: Minibatch) -> Outcome:
        """The encoder and the decoder reproduce the samples."""
        logits, style = self._encode(minibatch.real, minibatch.training)
        decoded = self.decoded(ops.softmax(logits), style, training=minibatch.training)
        return Outcome(self.reconstruction_loss(minibatch.real, decoded))

    def discriminator_objective(self, minibatch: Minibatch) -> Outcome:
        """The discriminators tell draws of the priors from categories and from styles."""
        logits, style = map(ops.stop_gradient, self._encode(minibatch.real, minibatch.training))
        return self._on_codes("discriminator_outcome", ops.softmax(logits), style, minibatch)

    def generator_objective(self, minibatch: Minibatch) -> Outcome:
        """The encoder makes categories and styles that look like draws of the priors."""
        logits, style = self._encode(minibatch.real, minibatch.training)
        return self._on_codes("generator_outcome", ops.softmax(logits), style, minibatch)

    def classification_objective(self, minibatch: Minibatch) -> Outcome:
        """The encoder assigns labeled samples to the category of their label."""
        labels = ops.cast(ops.reshape(minibatch.condition, (-1,)), "int32")
        logits, style = self._encode(minibatch.real, minibatch.training)
        known = labels >= 0
        named = ops.one_hot(ops.maximum(labels, 0), self.number_of_classes)
        cross_entropy = ops.logsumexp(logits, axis=-1) - ops.sum(named * logits, axis=-1)
        right = ops.argmax(logits, axis=-1) == labels
        # The style is not used, but its weights belong to the encoder: they need a gradient of 0, not `None`.
        nothing = 0.0 * ops.sum(style, axis=-1)
        return Outcome(
            Weighted(cross_entropy + nothing, known), logs={"accuracy": Weighted(right, known)}
        )

    def _on_codes(self, outcome: str, category: Any, style: Any, minibatch: Minibatch) -> Outcome:
        """Plays both games, each on draws of its prior and outputs of the encoder, and adds them up."""
        game = Minibatch(category, None, minibatch.training, minibatch.seed)
        drawn_category, drawn_style = self._draw(minibatch)
        on_style = getattr(self.style_adversary, outcome)(drawn_style, style, game)
        on_category = getattr(self.category_adversary, outcome)(drawn_category, category, game)
        terms = {**_of_category(on_category.terms), **on_style.terms}
        terms["category"] = on_category.loss
        return Outcome(on_style.loss, terms, {**_of_category(on_category.logs), **on_style.logs})

    def _encode(self, samples: Any, training: bool) -> list[Any]:
        """Returns the logits of categories, and styles."""
        return keras.tree.flatten(self.encoded(samples, training=training))

    def _draw(self, minibatch: Minibatch) -> list[Any]:
        return [
            draw_rows(partial(prior.sample, seed=minibatch.seed), minibatch.rows)
            for prior in (self.category_prior, self.prior)
        ]

    def fake(self, minibatch: Minibatch) -> Any:
        """Returns samples that the decoder makes from draws of the priors, one for each example."""
        return self.decoded(*self._draw(minibatch), training=minibatch.training)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Returns the reconstructions of samples."""
        codes = self.encoded.as_it_is(inputs, training=training)
        logits, style = keras.tree.flatten(codes)
        category = ops.softmax(at_least_float32(logits))
        return self.decoded.as_it_is(category, style, training=training)

    @use(returns=("category", "style"))
    def encode(self, samples: Any) -> tuple[Any, Any]:
        """Returns the category probabilities `(count, K)` and the styles of samples."""
        logits, style = self._encode(samples, False)
        return ops.softmax(logits), style

    @use(returns="samples")
    def decode(self, category: Any, style: Any) -> Any:
        """Turns categories and styles into samples."""
        return self.decoded(category, style, training=False)

    @use(returns="samples")
    def reconstruct(self, samples: Any) -> Any:
        """Encodes samples and decodes their categories and styles."""
        return self.decode(*self.encode(samples))

    @use(returns="probabilities")
    def classify(self, samples: Any) -> Any:
        """Returns the probability of each category for samples, `(count, K)`."""
        return self.encode(samples)[0]

    @use(returns="probability", judges=True)
    def discriminate_category(self, samples: Any) -> Any:
        """Returns the probability of each sample's category to be a draw of its prior, `(count,)`."""
        return self.category_adversary.judge(self.encode(samples)[0])

    @use(returns="probability", judges=True)
    def discriminate_style(self, samples: Any) -> Any:
        """Returns the probability of each sample's style to be a draw of its prior, `(count,)`."""
        return self.style_adversary.judge(self.encode(samples)[1])

    @use(returns="latent", without_noise="decoder")
    def sample_latent(self, count: Any, seed: Any, condition: Any = None) -> Any:
        """Draws styles, and a category for each sample without a label."""
        seeds = independent_seeds(seed, 2)
        category = self.category_prior.sample(count, seed=seeds[0])
        if condition is not None:
            labels = ops.cast(condition, "int32")[:, None]
            named = ops.one_hot(ops.maximum(labels[:, 0], 0), self.number_of_classes)
            category = ops.where(labels < 0, category, named)
        return {"category": category, "style": self.prior.sample(count, seed=seeds[1])}

    @use(returns="samples", condition=None)
    def generate_from(self, latent: Any, condition: Any = None) -> Any:
        """Turns categories and styles into samples, like `decode`."""
        return self.decode(latent["category"], latent["style"])

    def discriminate(
        self, samples: Any, *, code: str = "style", batch_size: int = 256, training: bool = False
    ) -> np.ndarray:
        """Judges the codes of samples.

        Args:
            samples: Samples `(count, *sample_shape)`.
            code: Which of the codes to judge, `"category"` or `"style"`. Defaults to `"style"`.
            batch_size: How many to judge at once. Defaults to 256.
            training: As in `GAN.discriminate`. Defaults to `False`.

        Returns:
            The probability of each code to be a draw of its prior, `(count,)`.

        Raises:
            ValueError: If there is no such code, or the samples have the wrong shape.
        """
        one_of("code", code, ("category", "style"))
        judge = self.discriminate_category if code == "category" else self.discriminate_style
        return judge(samples, batch_size=batch_size, training=training)

    def cluster_labels(self, samples: Any, y: Any, batch_size: int = 256) -> np.ndarray:
        """Returns a label for each category, `(K,)`: the label of the sample that most surely belongs to it.

        Args:
            samples: Samples with known labels, such as validation data.
            y: The labels of the samples.
            batch_size: How many to encode at once. Defaults to 256.
        """
        return np.asarray(y)[self.classify(samples, batch_size=batch_size).argmax(axis=0)]

    def latent_priors(self) -> dict[str, priors.Prior]:
        """Returns the priors of categories and of styles."""
        return {"category": self.category_prior, "style": self.prior}

    def generating_models(self) -> Sequence[keras.Model]:
        """The encoder and the decoder. `generator_ema` averages their weights."""
        return [self.encoder, self.decoder]


def _of_category(values: Mapping[str, Any]) -> dict[str, Any]:
    return {f"category_{name}": value for name, value in values.items()}
