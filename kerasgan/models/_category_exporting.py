from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgan import priors
from kerasgan.core.export import Exporting
from kerasgan.core.inputs import predict
from kerasgan.core.signatures import (
    COUNT_AND_SEED,
    Signature,
    as_float,
    batch_of,
    drawing,
    for_each,
)
from kerasgan.priors.prior import independent_seeds


class CategoryExporting(Exporting):
    """What an auto-encoder with categories can be asked for once it is trained, here and as an export."""

    encoder: keras.Model
    decoder: keras.Model
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

        The condition of `generate` is a category for each sample, -1 to draw one.
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

        def generate(count: Any, seed: Any, condition: Any) -> dict[str, Any]:
            with drawing(self.seed_generator, decoder, seed) as draws:
                return decode(*self.draw_codes(count, for_each(condition, count), draws))

        condition = {"condition": keras.KerasTensor((None,), "int32")}
        return {
            "serving_default": Signature(classify, {"samples": samples}),
            "generate": Signature(generate, {**COUNT_AND_SEED, **condition}),
            "encode": Signature(encode, {"samples": samples}),
            "decode": Signature(decode, {"category": category, "style": style}),
            "reconstruct": Signature(reconstruct, {"samples": samples}),
            "classify": Signature(classify, {"samples": samples}),
        }
