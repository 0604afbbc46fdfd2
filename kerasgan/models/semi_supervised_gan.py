from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import keras
from keras import ops

from kerasgan.arguments import invalid, non_negative_number
from kerasgan.backend import all_rows_mean
from kerasgan.core import Adversary, Minibatch, Outcome, Part, Setting, Weighted, use
from kerasgan.losses import AdversarialLoss, NonSaturating
from kerasgan.models._labels import labels_of, row_weights
from kerasgan.models.gan import GAN
from kerasgan.penalties import Penalty
from kerasgan.penalties.feature_matching import feature_extractor, squared_mean_gap
from kerasgan.tensors import at_least_float32, flat


@keras.saving.register_keras_serializable(package="kerasgan")
class SemiSupervisedGAN(GAN):
    """A GAN whose discriminator learns to classify from few labels (Salimans et al. 2016, section 5).

    The classifier returns K logits `l`. Generated samples are class K + 1. Its logit is fixed at 0, so `D(x)
    = Z(x) / (Z(x) + 1)` with `Z = sum_k exp l_k`: a sample is real if it belongs to any of the K classes. So
    unlabeled samples teach where the classes are, and labeled samples teach which class is which. The
    generator matches the mean of a layer's features (section 3.1).

    Give integer labels to `fit(x, y)`, -1 for unlabeled. If only a few samples are labeled,
    `kerasgan.datasets.partially_labeled` puts some of them in each minibatch.

    Args:
        generator: As in `GAN`.
        classifier: Any `keras.Model` from samples to K logits. Do not apply a softmax.
        features: The features: the name of a layer of the classifier, or a function of the classifier that
            returns a `keras.Model` with the same inputs. The paper uses the last hidden layer.
        prior: As in `GAN`. Defaults to `None`, a standard normal.
        seed: As in `GAN`. Defaults to `None`.
        **kwargs: `normalization`, how the data were normalized (see `kerasgan.core.AdversarialModel`); `name`
            and `dtype`, as in `keras.Model`.

    Raises:
        TypeError: If a sub-model is not a `keras.Model`.
        ValueError: If the sub-models do not fit each other, if the classifier does not return the logits of
            two or more classes, or if it has no such layer.

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

    # The paper fixes the losses.
    loss = None
    # The turns of this game call the classifier directly.
    augmentation = None
    unsupervised_weight = Setting(
        1.0,
        non_negative_number,
        "The weight of the loss for telling real from generated samples. The loss for classifying labeled "
        "samples has weight 1.",
    )

    def __init__(
        self,
        generator: keras.Model,
        classifier: keras.Model,
        features: str | Callable[[keras.Model], keras.Model],
        prior: Any = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(generator, classifier, prior, seed=seed, **kwargs)
        self.features = features

    def setup(self) -> None:
        """Finds out what the sub-models take and return."""
        super().setup()
        # One pass gives features and logits.
        self.described = self.without_tracking(self._with_features(self.discriminator))

    @property
    def classifier(self) -> keras.Model:
        """The discriminator, which also tells the classes apart."""
        return self.discriminator

    @property
    def target(self) -> Part:
        """Labels, -1 for unlabeled."""
        return labels_of(self.number_of_classes)

    def discriminator_objective(self, minibatch: Minibatch) -> Outcome:
        """The classifier classifies labeled samples, and tells real from generated ones (section 5)."""
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
        unsupervised = 0.5 * (unlabeled_weights(labels) * real + generated)
        game = replace(minibatch, condition=None)
        return Outcome(
            Weighted(cross_entropy, known),
            {
                "unsupervised": self.unsupervised_weight * unsupervised,
                **self.adversary.terms("discriminator", minibatch.real, fake, game),
            },
            {
                "real_probability": ops.sigmoid(real_scores),
                "fake_probability": ops.sigmoid(fake_scores),
                "accuracy": Weighted(ops.argmax(logits, axis=-1) == labels, known),
            },
        )

    def generator_objective(self, minibatch: Minibatch) -> Outcome:
        """The generator's samples match the mean features of the unlabeled samples (section 3.1)."""
        labels = ops.cast(ops.reshape(minibatch.condition, (-1,)), "int32")
        real_features, _ = self._judge(minibatch.real, minibatch.training)
        fake = self.fake(minibatch)
        features, logits = self._judge(fake, minibatch.training)
        weighted = unlabeled_weights(labels)[:, None] * real_features
        return Outcome(
            # A mean over the features, as in the paper's code, so that their number does not matter.
            squared_mean_gap(weighted, features) / features.shape[1],
            self.adversary.terms(
                "generator", minibatch.real, fake, replace(minibatch, condition=None)
            ),
            {"generator_probability": ops.sigmoid(real_score(logits))},
        )

    @use(returns="probabilities")
    def classify(self, samples: Any) -> Any:
        """Returns the probability of each class for real samples, `(count, K)`."""
        return ops.softmax(self.judged(samples, None, training=False))

    def generating_models(self) -> Sequence[keras.Model]:
        """The generator and the classifier, because the paper classifies with averaged weights."""
        return [self.generator, self.discriminator]

    def stakes(self) -> tuple[AdversarialLoss, tuple[Penalty, ...]]:
        """Returns the loss and the penalties. For both, a score is the logit of `D(x)`."""
        return NonSaturating(), self.penalties

    def make_adversary(self) -> Adversary:
        """Returns the classifier as a discriminator. Its score is the logit of `D(x)`."""
        logits = self.judged.output_part().specification
        if len(logits.shape) != 2 or logits.shape[1] is None or logits.shape[1] < 2:
            expected = "a model with a logit for each of two or more classes"
            raise invalid("classifier", tuple(logits.shape), expected)
        self.number_of_classes = int(logits.shape[1])
        return self.adversary_of(self.judged, scores=real_score)

    def _with_features(self, classifier: keras.Model) -> keras.Model:
        extractor = feature_extractor(self.features, classifier)
        features, logits = extractor.outputs[0], classifier.outputs[0]
        if isinstance(classifier, keras.Sequential) and isinstance(self.features, str):
            # Keras calls all layers again whenever one is added. So an earlier output of a layer may not be
            # part of the path to the outputs. Both together would then take two passes, each with different
            # noise.
            first = [layer.name for layer in classifier.layers].index(self.features) + 1
            logits = features
            for layer in classifier.layers[first:]:
                logits = layer(logits)
        return keras.Model(extractor.inputs[0], [features, logits])

    def _judge(self, samples: Any, training: bool) -> tuple[Any, Any]:
        """Returns the features (flat) and the logits of samples, in float32."""
        classifier = self.averaged(self.discriminator, training)
        trained = classifier is self.discriminator
        model = self.described() if trained else self._with_features(classifier)
        features, logits = model(samples, training=training)
        return flat(at_least_float32(features)), at_least_float32(logits)


def unlabeled_weights(labels: Any) -> Any:
    """Returns weights that count only unlabeled rows, or all rows if all are labeled."""
    weights = row_weights(labels < 0)
    return ops.where(all_rows_mean(weights) > 0, weights, 1.0)


def real_score(logits: Any) -> Any:
    """Returns `log Z(x) = log sum_k exp l_k(x)`, the logit of `D(x)`, for logits `(rows, K)`."""
    return ops.logsumexp(logits, axis=-1)
