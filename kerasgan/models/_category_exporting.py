from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgan import priors
from kerasgan.arguments import one_of
from kerasgan.core.adversary import Adversary
from kerasgan.core.export import Exporting
from kerasgan.core.inputs import predict
from kerasgan.core.labels import check_labels
from kerasgan.core.signatures import (
    COUNT_AND_SEED,
    Signature,
    as_float,
    batch_of,
    drawing,
    for_each,
    judgement,
    sampling,
)
from kerasgan.priors.prior import independent_seeds


class CategoryExporting(Exporting):
    """What an auto-encoder with categories can be asked for once it is trained, here and as an export."""

    encoder: keras.Model
    decoder: keras.Model
    category_adversary: Adversary
    style_adversary: Adversary
    prior: priors.Prior
    category_prior: priors.Prior
    number_of_classes: int
    seed_generator: keras.random.SeedGenerator
    _codes: list[keras.KerasTensor]

    def encode(self, x: Any, batch_size: int = 256) -> tuple[np.ndarray, np.ndarray]:
        """Returns the category probabilities and the styles of samples."""
        raise NotImplementedError

    def classify(self, x: Any, batch_size: int = 256) -> np.ndarray:
        """Returns the probability of each category for samples, `(count, K)`."""
        return self.encode(x, batch_size)[0]

    def cluster_labels(self, x: Any, y: Any, batch_size: int = 256) -> np.ndarray:
        """Returns a label for each category, `(K,)`: that of the sample which is surest to be in it.

        Args:
            x: Samples with known labels, such as validation data.
            y: Their labels.
            batch_size: How many to encode at once. Defaults to 256.
        """
        return np.asarray(y)[self.classify(x, batch_size).argmax(axis=0)]

    def reconstruct(self, x: Any, batch_size: int = 256) -> np.ndarray:
        """Returns the samples that category and style of samples stand for."""
        return predict(self.averaged(self.decoder), list(self.encode(x, batch_size)), batch_size)

    def discriminate(
        self, x: Any, condition: Any = None, code: str = "style", batch_size: int = 256
    ) -> np.ndarray:
        """Judges the codes of samples.

        Args:
            x: Samples `(count, *sample_shape)`.
            condition: Labels of the samples, which no discriminator sees. Defaults to `None`.
            code: Which of the codes to judge, `"category"` or `"style"`. Defaults to `"style"`.
            batch_size: How many to judge at once. Defaults to 256.

        Returns:
            The probability of each code to be a draw of its prior, `(count,)`.

        Raises:
            ValueError: If there is no such code or label, or the samples have another shape.
        """
        one_of("code", code, ("category", "style"))
        if condition is not None:
            check_labels("condition", np.asarray(condition), self.number_of_classes)
        category, style = self.encode(x, batch_size)
        if code == "category":
            return self.category_adversary.judge(category, None, batch_size)
        return self.style_adversary.judge(style, None, batch_size)

    def draw_codes(self, count: Any, labels: Any, seed: Any) -> list[Any]:
        """Returns a category and a style for each sample; draws the category where there is no label."""
        seeds = independent_seeds(seed, 2)
        category = self.category_prior.sample(count, seed=seeds[0])
        if labels is not None:
            labels = ops.cast(labels, "int32")[:, None]
            named = ops.one_hot(ops.maximum(labels[:, 0], 0), self.number_of_classes)
            category = ops.where(labels < 0, category, named)
        return [category, self.prior.sample(count, seed=seeds[1])]

    def signatures(self) -> dict[str, Signature]:
        """Returns `serving_default`, which classifies, and the methods by their names.

        The condition of `generate` is a category for each sample, -1 to draw one. A latent sample is a
        category and a style, which `decode` takes.
        """
        encoder, decoder = self.averaged(self.encoder), self.averaged(self.decoder)
        samples = batch_of(self.specification()[0])
        category, style = (batch_of(code) for code in self._codes)

        def decode(category: Any, style: Any) -> dict[str, Any]:
            return {"samples": as_float(decoder([category, style], training=False))}

        def encode(samples: Any) -> dict[str, Any]:
            logits, style = keras.tree.flatten(encoder(samples, training=False))
            return {"category": ops.softmax(as_float(logits)), "style": as_float(style)}

        def classify(samples: Any) -> dict[str, Any]:
            return {"probabilities": encode(samples)["category"]}

        def reconstruct(samples: Any) -> dict[str, Any]:
            return decode(**encode(samples))

        def judging(adversary: Adversary, code: str) -> Callable[..., dict[str, Any]]:
            return lambda samples: judgement(adversary, encode(samples)[code], None)

        of_category = judging(self.category_adversary, "category")
        of_style = judging(self.style_adversary, "style")

        def sample_latent(count: Any, seed: Any, condition: Any) -> dict[str, Any]:
            with drawing(self.seed_generator, decoder, seed) as draws:
                codes = self.draw_codes(count, for_each(condition, count), draws)
                return dict(zip(("category", "style"), map(as_float, codes), strict=True))

        def generate(count: Any, seed: Any, condition: Any) -> dict[str, Any]:
            with drawing(self.seed_generator, decoder, seed):
                return decode(**sample_latent(count, seed, condition))

        condition = {"condition": keras.KerasTensor((None,), "int32")}
        return {
            "serving_default": Signature(classify, {"samples": samples}),
            "generate": Signature(generate, {**COUNT_AND_SEED, **condition}),
            **sampling(decoder, sample_latent, **condition),
            "encode": Signature(encode, {"samples": samples}),
            "decode": Signature(decode, {"category": category, "style": style}),
            "reconstruct": Signature(reconstruct, {"samples": samples}),
            "classify": Signature(classify, {"samples": samples}),
            "discriminate_category": Signature(of_category, {"samples": samples}),
            "discriminate_style": Signature(of_style, {"samples": samples}),
        }
