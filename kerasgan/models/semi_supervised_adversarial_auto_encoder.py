from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgan import priors
from kerasgan.arguments import invalid, positive_integer, random_seed
from kerasgan.backend import draw_rows
from kerasgan.core import AdversarialModel, Minibatch, Outcome, Turn, Weighted
from kerasgan.core.adversary import Adversary
from kerasgan.core.inputs import (
    check_model,
    one_input,
    output_specification,
    predict,
    predict_structure,
)
from kerasgan.core.labels import check_labels
from kerasgan.core.reconstruction import check_reconstruction, per_example_loss
from kerasgan.core.training_data import check_array
from kerasgan.models._category_exporting import CategoryExporting
from kerasgan.precision import full_precision


@keras.saving.register_keras_serializable(package="kerasgan")
class SemiSupervisedAdversarialAutoEncoder(AdversarialModel, CategoryExporting):
    """An auto-encoder whose code is a category and a style (Makhzani et al. 2015, sections 5 to 7).

    The encoder gives logits of K categories, whose softmax is `y`, and a style `z`; the decoder reproduces
    the sample from both. Two discriminators make `y` look like one-hot draws of a categorical prior and `z`
    like draws of a prior of its own, so that what is discrete in the samples goes into `y`. Labelled samples
    say which category is which.

    `fit(x, y)` takes integer labels, -1 for unlabelled; `kerasgan.datasets.partially_labelled` puts labelled
    samples in each minibatch.

    - With some labels it classifies: semi-supervised learning, section 5.
    - With labels of -1 alone it clusters: section 6. `cluster_labels` names the clusters afterwards.
    - With `kerasgan.layers.ClusterHeads` at the start of the decoder, category and style share few
      dimensions: section 7.

    Args:
        encoder: Any `keras.Model` from samples to `[logits, style]`, vectors both (no softmax).
        decoder: Any `keras.Model` from `[category, style]` to samples.
        category_discriminator: Any `keras.Model` from categories, K numbers, to scores.
        style_discriminator: Any `keras.Model` from styles to scores.
        prior: What styles are to follow, as in `GAN`. Defaults to `None`, a standard normal.
        category_prior: What categories are to follow. Defaults to `"categorical"`, K equally probable ones.
        seed: As in `GAN`. Defaults to `None`.
        **kwargs: `name` and `dtype`, as in `keras.Model`.

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

    conditional = True

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
        self.encoder = check_model("encoder", encoder)
        self.decoder = check_model("decoder", decoder)
        self.category_discriminator = check_model("category_discriminator", category_discriminator)
        self.style_discriminator = check_model("style_discriminator", style_discriminator)
        self.discriminator_steps = 1
        self._reconstruction_loss = keras.losses.get("mse")

        self._samples = one_input("encoder", encoder)
        codes = encoder(self._samples, training=False)
        shapes = [tuple(code.shape) for code in keras.tree.flatten(codes)]
        if len(shapes) != 2 or any(len(shape) != 2 or None in shape[1:] for shape in shapes):
            expected = "a model with two vectors as outputs, [logits, style]"
            raise invalid("encoder", shapes, expected)
        category, style = (keras.KerasTensor(shape, keras.config.floatx()) for shape in shapes)
        self.number_of_classes = shapes[0][1]
        self.prior = priors.get(prior).shaped(shapes[1][1:])
        self.category_prior = priors.get(category_prior).shaped(shapes[0][1:])
        decoded = output_specification("decoder", decoder, [category, style], "[category, style]")
        check_reconstruction("decoder", decoder, decoded, self._samples)
        output_specification(
            "category_discriminator", category_discriminator, category, "categories"
        )
        output_specification("style_discriminator", style_discriminator, style, "styles")
        self.category_adversary = Adversary(self.category_discriminator, [category])
        self.style_adversary = Adversary(self.style_discriminator, [style])
        self._codes = [category, style]
        self(self._samples)

    def turns(self) -> Sequence[Turn]:
        """Section 5: reconstruction, regularisation as two games on codes, classification."""
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
        logits, style = self._encode(minibatch)
        decoded = self._decode([ops.softmax(logits), style], minibatch.training)
        return Outcome(self._reconstruction_loss(minibatch.real, decoded))

    def discriminator_objective(self, minibatch: Minibatch) -> Outcome:
        """The discriminators tell draws of the priors from categories and from styles."""
        logits, style = map(ops.stop_gradient, self._encode(minibatch))
        return self._on_codes("discriminator_outcome", ops.softmax(logits), style, minibatch)

    def generator_objective(self, minibatch: Minibatch) -> Outcome:
        """The encoder passes its categories and its styles off as draws of the priors."""
        logits, style = self._encode(minibatch)
        return self._on_codes("generator_outcome", ops.softmax(logits), style, minibatch)

    def classification_objective(self, minibatch: Minibatch) -> Outcome:
        """The encoder puts labelled samples in the category of their label."""
        labels = ops.cast(ops.reshape(minibatch.condition, (-1,)), "int32")
        logits, style = self._encode(minibatch)
        known = labels >= 0
        named = ops.one_hot(ops.maximum(labels, 0), self.number_of_classes)
        cross_entropy = ops.logsumexp(logits, axis=-1) - ops.sum(named * logits, axis=-1)
        right = ops.argmax(logits, axis=-1) == labels
        # The style has no part in this, yet its weights are the encoder's: a gradient of 0, not none.
        nothing = 0.0 * ops.sum(style, axis=-1)
        return Outcome(
            Weighted(cross_entropy + nothing, known), logs={"accuracy": Weighted(right, known)}
        )

    def _on_codes(self, outcome: str, category: Any, style: Any, minibatch: Minibatch) -> Outcome:
        """Plays both games, each on draws of its prior and what the encoder gives; adds them up."""
        game = Minibatch(category, None, minibatch.training, minibatch.seed)
        drawn_category, drawn_style = self._draw(minibatch)
        on_style = getattr(self.style_adversary, outcome)(drawn_style, style, game)
        on_category = getattr(self.category_adversary, outcome)(drawn_category, category, game)
        terms = {**_of_category(on_category.terms), **on_style.terms}
        terms["category"] = on_category.loss
        return Outcome(on_style.loss, terms, {**_of_category(on_category.logs), **on_style.logs})

    def _encode(self, minibatch: Minibatch) -> list[Any]:
        encoder = self.averaged(self.encoder, minibatch.training)
        codes = encoder(minibatch.real, training=minibatch.training)
        return [ops.cast(code, full_precision()) for code in keras.tree.flatten(codes)]

    def _decode(self, codes: Sequence[Any], training: bool) -> Any:
        decoder = self.averaged(self.decoder, training)
        return ops.cast(decoder(list(codes), training=training), full_precision())

    def _draw(self, minibatch: Minibatch) -> list[Any]:
        return [
            draw_rows(partial(prior.sample, seed=minibatch.seed), minibatch.rows)
            for prior in (self.category_prior, self.prior)
        ]

    def fake(self, minibatch: Minibatch) -> Any:
        """Returns what the decoder makes of as many draws of the priors as the minibatch has examples."""
        return self._decode(self._draw(minibatch), minibatch.training)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Returns the reconstructions of samples."""
        logits, style = keras.tree.flatten(
            self.averaged(self.encoder, training)(inputs, training=training)
        )
        category = ops.softmax(ops.cast(logits, full_precision()))
        return self.averaged(self.decoder, training)([category, style], training=training)

    def generating_models(self) -> Sequence[keras.Model]:
        """The encoder and the decoder, which `generator_ema` averages."""
        return [self.encoder, self.decoder]

    def specification(self) -> tuple[keras.KerasTensor, keras.KerasTensor | None]:
        """Returns the shapes and dtypes of a batch of samples and of their labels."""
        return self._samples, keras.KerasTensor((None,), "int32")

    def compile(
        self,
        reconstruction_optimizer: Any = None,
        discriminator_optimizer: Any = None,
        generator_optimizer: Any = None,
        classification_optimizer: Any = None,
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
            discriminator_optimizer: For both discriminators; as in `GAN.compile`.
            generator_optimizer: For the encoder as a generator of codes; as in `GAN.compile`.
            classification_optimizer: For the encoder as a classifier; as in `GAN.compile`.
            reconstruction_loss: A Keras loss, or the name of one. Defaults to `"mse"`.
            loss: Of both games, as in `GAN.compile`. Defaults to `"non_saturating"`.
            penalties: Of both games, as in `GAN.compile`. Defaults to none.
            discriminator_steps: As in `GAN.compile`. Defaults to 1.
            metrics: As in `GAN.compile`, of samples and decoded draws of the priors. Defaults to none.
            **keras_arguments: As in `GAN.compile`, `generator_ema` too.

        Raises:
            ValueError, TypeError: As in `GAN.compile`.
        """
        self.discriminator_steps = positive_integer("discriminator_steps", discriminator_steps)
        self._reconstruction_loss = per_example_loss(reconstruction_loss)
        for adversary in (self.category_adversary, self.style_adversary):
            adversary.prepare(loss, penalties, self.turns())
        self.compile_game(
            {
                "reconstruction": reconstruction_optimizer,
                "discriminator": discriminator_optimizer,
                "generator": generator_optimizer,
                "classification": classification_optimizer,
            },
            metrics=metrics,
            arguments={
                "reconstruction_loss": reconstruction_loss,
                "loss": self.style_adversary.loss,
                "penalties": list(self.style_adversary.penalties),
                "discriminator_steps": self.discriminator_steps,
            },
            **keras_arguments,
        )

    def encode(self, x: Any, batch_size: int = 256) -> tuple[np.ndarray, np.ndarray]:
        """Returns the category probabilities `(count, K)` and the styles of samples."""
        x = np.asarray(x, keras.config.floatx())
        check_array("x", x, self._samples.shape[1:])
        outputs = predict_structure(self.averaged(self.encoder), x, batch_size)
        logits, style = (each.astype(keras.config.floatx()) for each in keras.tree.flatten(outputs))
        return ops.convert_to_numpy(ops.softmax(logits)), style

    def generate(
        self, count: int, condition: Any = None, seed: int | None = None, batch_size: int = 256
    ) -> np.ndarray:
        """Generates samples: decodes categories and draws of the prior of styles.

        Args:
            count: How many.
            condition: A category for each sample, or one for all; -1 draws it from its prior. Defaults to
                `None`, all drawn.
            seed: An integer gives the same samples each time. Defaults to `None`, new ones.
            batch_size: How many to generate at once. Defaults to 256.

        Raises:
            ValueError: If `count` is not a positive integer, or there is no such category.
        """
        count, seed = positive_integer("count", count), random_seed(seed)
        labels = None if condition is None else self._conditions(count, condition)
        codes = [ops.convert_to_numpy(code) for code in self.draw_codes(count, labels, seed)]
        return predict(self.averaged(self.decoder), codes, batch_size, seed)

    def _conditions(self, count: int, condition: Any, argument: str = "condition") -> Any:
        labels = super()._conditions(count, condition, argument)
        return check_labels(argument, labels, self.number_of_classes)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal model, but for its weights."""
        serialize = keras.saving.serialize_keras_object
        parts = ["encoder", "decoder", "category_discriminator", "style_discriminator"]
        parts += ["prior", "category_prior"]
        own = {"name": self.name, "dtype": serialize(self.dtype_policy)}
        return {**{part: serialize(getattr(self, part)) for part in parts}, **own}


def _of_category(values: Mapping[str, Any]) -> dict[str, Any]:
    return {f"category_{name}": value for name, value in values.items()}
