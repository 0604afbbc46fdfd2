from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgan.arguments import invalid, non_negative_number, positive_integer
from kerasgan.backend import all_rows_mean
from kerasgan.core import Minibatch, Outcome, Weighted
from kerasgan.core.adversary import Adversary
from kerasgan.core.inputs import output_specification, predict, sole
from kerasgan.core.labels import check_labels, row_weights
from kerasgan.core.signatures import Signature, as_float, batch_of
from kerasgan.core.training_data import check_array
from kerasgan.models.gan import GAN
from kerasgan.penalties.feature_matching import feature_extractor, squared_mean_gap
from kerasgan.penalties.penalty import flat
from kerasgan.precision import full_precision


@keras.saving.register_keras_serializable(package="kerasgan")
class SemiSupervisedGAN(GAN):
    """A GAN whose discriminator learns to classify from few labels (Salimans et al. 2016, section 5).

    The classifier gives K logits `l`. Generated samples are class K + 1, whose logit is fixed at 0, so that
    `D(x) = Z(x) / (Z(x) + 1)` with `Z = sum_k exp l_k`: a sample is real if it belongs to some class. So
    unlabelled samples teach where the classes are, and labelled ones which is which. The generator matches
    the mean of a layer's features (section 3.1).

    `fit(x, y)` takes integer labels, -1 for unlabelled. Where few are labelled,
    `kerasgan.datasets.partially_labelled` puts some in each minibatch.

    Args:
        generator: As in `GAN`.
        classifier: Any `keras.Model` from samples to K logits (no softmax).
        features: Where the features come from: the name of a layer of the classifier, or a function of it
            that returns a `keras.Model` on its inputs. The paper takes the last hidden layer.
        prior: As in `GAN`. Defaults to `None`, a standard normal.
        seed: As in `GAN`. Defaults to `None`.
        **kwargs: `name` and `dtype`, as in `keras.Model`.

    Raises:
        TypeError: If a sub-model is not a `keras.Model`.
        ValueError: If the sub-models do not fit each other, the classifier does not give the logits of two
            or more classes, or it has no such layer.

    Example:

    >>> classifier = keras.Sequential(
    ...     [keras.Input((2,)), keras.layers.Dense(8, name="hidden"), keras.layers.Dense(3)]
    ... )
    >>> generator = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    >>> gan = kerasgan.SemiSupervisedGAN(generator, classifier, features="hidden")
    >>> gan.compile()
    >>> history = gan.fit(np.zeros((64, 2)), np.array([0, 1, 2, -1] * 16), verbose=0)
    >>> gan.classify(np.zeros((5, 2))).shape
    (5, 3)
    """

    def __init__(
        self,
        generator: keras.Model,
        classifier: keras.Model,
        features: str | Callable[[keras.Model], keras.Model],
        prior: Any = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        self.features = features
        self._unsupervised_weight = 1.0
        super().__init__(generator, classifier, prior, seed=seed, **kwargs)

    @property
    def classifier(self) -> keras.Model:
        """The discriminator, which tells the classes apart too."""
        return self.discriminator

    def discriminator_objective(self, minibatch: Minibatch) -> Outcome:
        """The classifier names what is labelled, and tells real from generated samples (section 5)."""
        labels = ops.cast(ops.reshape(minibatch.condition, (-1,)), "int32")
        fake = ops.stop_gradient(self.fake(minibatch))
        _, logits = self._judge(minibatch.real, minibatch.training)
        _, fake_logits = self._judge(fake, minibatch.training)
        real_scores, fake_scores = real_score(logits), real_score(fake_logits)

        known = labels >= 0
        named = ops.one_hot(ops.maximum(labels, 0), self.number_of_classes)
        cross_entropy = real_scores - ops.sum(named * logits, axis=-1)
        # -log D(x) = softplus(-log Z) and -log(1 - D(G(z))) = softplus(log Z), halved as in the paper's code.
        real, generated = ops.softplus(-real_scores), ops.softplus(fake_scores)
        unsupervised = 0.5 * (unlabelled_weights(labels) * real + generated)
        game = replace(minibatch, condition=None)
        return Outcome(
            Weighted(cross_entropy, known),
            {
                "unsupervised": self._unsupervised_weight * unsupervised,
                **self.adversary.terms("discriminator", minibatch.real, fake, game),
            },
            {
                "real_probability": ops.sigmoid(real_scores),
                "fake_probability": ops.sigmoid(fake_scores),
                "accuracy": Weighted(ops.argmax(logits, axis=-1) == labels, known),
            },
        )

    def generator_objective(self, minibatch: Minibatch) -> Outcome:
        """The generator's samples have the mean features of the unlabelled ones (section 3.1)."""
        labels = ops.cast(ops.reshape(minibatch.condition, (-1,)), "int32")
        real_features, _ = self._judge(minibatch.real, minibatch.training)
        fake = self.fake(minibatch)
        features, logits = self._judge(fake, minibatch.training)
        weighted = unlabelled_weights(labels)[:, None] * real_features
        return Outcome(
            # A mean over the features, as in the paper's code, so that their number does not matter.
            squared_mean_gap(weighted, features) / features.shape[1],
            self.adversary.terms(
                "generator", minibatch.real, fake, replace(minibatch, condition=None)
            ),
            {"generator_probability": ops.sigmoid(real_score(logits))},
        )

    def fake(self, minibatch: Minibatch) -> Any:
        """Returns `G(z)` for as many fresh `z` as the minibatch has examples."""
        return super().fake(replace(minibatch, condition=None))

    def classify(self, x: Any, batch_size: int = 256) -> np.ndarray:
        """Returns the probability of each class for samples that are real, `(count, K)`."""
        return ops.convert_to_numpy(ops.softmax(self._logits(x, batch_size)))

    def discriminate(self, x: Any, condition: Any = None, batch_size: int = 256) -> np.ndarray:
        """Returns the probability of each sample to be real, `(count,)`; as `GAN.discriminate`."""
        self._conditions(len(x), condition)
        return ops.convert_to_numpy(ops.sigmoid(real_score(self._logits(x, batch_size))))

    def generating_models(self) -> Sequence[keras.Model]:
        """The generator, and the classifier: the paper classifies by averaged weights."""
        return [self.generator, self.discriminator]

    def specification(self) -> tuple[keras.KerasTensor, keras.KerasTensor | None]:
        """Returns the shapes and dtypes of a batch of samples and of their labels."""
        return self._specifications[0], keras.KerasTensor((None,), "int32")

    def _make_adversary(self, inputs: Sequence[keras.KerasTensor]) -> Adversary:
        logits = output_specification("classifier", self.discriminator, inputs[0], "samples")
        if len(logits.shape) != 2 or logits.shape[1] is None or logits.shape[1] < 2:
            expected = "a model with a logit for each of two or more classes"
            raise invalid("classifier", tuple(logits.shape), expected)
        self.number_of_classes = int(logits.shape[1])
        # In a namespace, so that Keras does not count the same weights twice.
        self._extractor = SimpleNamespace(model=self._with_features(self.discriminator))
        return _ClassesAgainstGenerated(self.discriminator, inputs)

    def _with_features(self, classifier: keras.Model) -> keras.Model:
        extractor = feature_extractor(self.features, classifier)
        features, logits = extractor.outputs[0], classifier.outputs[0]
        if isinstance(classifier, keras.Sequential) and isinstance(self.features, str):
            # Keras calls its layers anew with each one that is added: what one gave need not be on the way
            # to the outputs, and both together would take two passes, with noise of their own.
            first = [layer.name for layer in classifier.layers].index(self.features) + 1
            logits = features
            for layer in classifier.layers[first:]:
                logits = layer(logits)
        return keras.Model(sole(extractor.inputs), [features, logits])

    def _judge(self, samples: Any, training: bool) -> tuple[Any, Any]:
        """Returns the features (flat) and the logits of samples, in full precision."""
        classifier = self.averaged(self.discriminator, training)
        trained = classifier is self.discriminator
        model = self._extractor.model if trained else self._with_features(classifier)
        features, logits = model(samples, training=training)
        return flat(ops.cast(features, full_precision())), ops.cast(logits, full_precision())

    def _logits(self, x: Any, batch_size: int) -> np.ndarray:
        x = np.asarray(x, keras.config.floatx())
        check_array("x", x, self.specification()[0].shape[1:])
        return predict(self.averaged(self.discriminator), x, batch_size)

    def _conditions(self, count: int, condition: Any, argument: str = "condition") -> Any:
        labels = super()._conditions(count, condition, argument)
        return None if labels is None else check_labels(argument, labels, self.number_of_classes)

    def compile(  # type: ignore[override]  # the losses are the paper's
        self,
        generator_optimizer: Any = None,
        discriminator_optimizer: Any = None,
        unsupervised_weight: float = 1.0,
        penalties: Any = (),
        discriminator_steps: int = 1,
        metrics: Any = (),
        **keras_arguments: Any,
    ) -> None:
        """Prepares the game.

        Args:
            generator_optimizer: As in `GAN.compile`.
            discriminator_optimizer: The classifier's; as in `GAN.compile`.
            unsupervised_weight: The weight of telling real from generated samples beside naming the labelled
                ones. Defaults to 1.0.
            penalties: As in `GAN.compile`, of `log Z` as the score. Defaults to none.
            discriminator_steps: As in `GAN.compile`. Defaults to 1.
            metrics: As in `GAN.compile`. Defaults to none.
            **keras_arguments: As in `GAN.compile`; `generator_ema` averages the classifier's weights too.

        Raises:
            ValueError: If a name is unknown, the weight is negative or `discriminator_steps` is not a
                positive integer.
            TypeError: If a penalty or a metric is of another kind.
        """
        self._unsupervised_weight = non_negative_number("unsupervised_weight", unsupervised_weight)
        self.discriminator_steps = positive_integer("discriminator_steps", discriminator_steps)
        self.adversary.prepare("non_saturating", penalties, self.turns())
        self.compile_game(
            {"discriminator": discriminator_optimizer, "generator": generator_optimizer},
            metrics=metrics,
            arguments={
                "unsupervised_weight": self._unsupervised_weight,
                "penalties": list(self.adversary.penalties),
                "discriminator_steps": self.discriminator_steps,
            },
            **keras_arguments,
        )

    def signatures(self) -> dict[str, Signature]:
        """Returns those of a `GAN`, and `classify`."""
        classifier = self.averaged(self.discriminator)

        def classify(samples: Any) -> dict[str, Any]:
            logits = ops.cast(classifier(samples, training=False), full_precision())
            return {"probabilities": as_float(ops.softmax(logits))}

        samples = batch_of(self.specification()[0])
        return {**super().signatures(), "classify": Signature(classify, {"samples": samples})}

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal model, but for its weights."""
        config = super().get_config()
        classifier = config.pop("discriminator")
        features = keras.saving.serialize_keras_object(self.features)
        return {**config, "classifier": classifier, "features": features}


class _ClassesAgainstGenerated(Adversary):
    """The classifier as a discriminator: the score is the logit of `D(x)`."""

    def _as_scores(self, samples: Any, output: Any) -> Any:
        return real_score(ops.cast(output, full_precision()))


def unlabelled_weights(labels: Any) -> Any:
    """Returns weights by which the unlabelled rows stand for the data, or all where all are labelled."""
    weights = row_weights(labels < 0)
    return ops.where(all_rows_mean(weights) > 0, weights, 1.0)


def real_score(logits: Any) -> Any:
    """Returns `log Z(x) = log sum_k exp l_k(x)`, the logit of `D(x)`, for logits `(rows, K)`."""
    return ops.logsumexp(logits, axis=-1)
