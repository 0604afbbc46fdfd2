from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from kerasgan.arguments import one_of, positive_integer
from kerasgan.core.adversary import Adversary
from kerasgan.core.export import Exporting
from kerasgan.core.inputs import predict
from kerasgan.core.signatures import Signature, as_float, batch_of, judgement
from kerasgan.core.training_data import check_array


class Translating(Exporting):
    """What two generators between two domains, and a discriminator of each, can be asked for."""

    generator_a_to_b: keras.Model
    generator_b_to_a: keras.Model
    adversary_a: Adversary
    adversary_b: Adversary
    averaged: Callable[..., keras.Model]
    _conditions: Callable[..., Any]
    _specifications: list[keras.KerasTensor]

    def translate(self, x: Any, to: str, batch_size: int = 256) -> np.ndarray:
        """Returns what becomes of samples in the other domain.

        Args:
            x: Samples `(count, *sample_shape)` of the other domain.
            to: The domain to translate to: `"a"` or `"b"`.
            batch_size: How many to translate at once. Defaults to 256.

        Raises:
            ValueError: If the samples have another shape, or there is no such domain.
        """
        one_of("to", to, ("a", "b"))
        generator = self.generator_b_to_a if to == "a" else self.generator_a_to_b
        x = self._as_samples(x, "b" if to == "a" else "a")
        return predict(self.averaged(generator), x, batch_size)

    def generate(
        self, count: int, condition: Any = None, seed: int | None = None, batch_size: int = 256
    ) -> np.ndarray:
        """Returns what becomes of samples of B in A.

        Args:
            count: How many.
            condition: One sample of B for each, or a single one for all.
            seed: For a generator with noise of its own, as in `GAN.generate`. Defaults to `None`.
            batch_size: How many to generate at once. Defaults to 256.

        Raises:
            ValueError: If `count` is not a positive integer, or the condition is missing or does not fit.
        """
        b = self._conditions(positive_integer("count", count), condition)
        return predict(self.averaged(self.generator_b_to_a), b, batch_size, seed)

    def discriminate(self, x: Any, domain: str = "a", batch_size: int = 256) -> np.ndarray:
        """Returns the probability of each sample to be one of a domain, `(count,)`; as `GAN.discriminate`."""
        one_of("domain", domain, ("a", "b"))
        adversary = self.adversary_a if domain == "a" else self.adversary_b
        return adversary.judge(self._as_samples(x, domain), None, batch_size)

    def _as_samples(self, x: Any, domain: str) -> np.ndarray:
        x = np.asarray(x, keras.config.floatx())
        check_array("x", x, self._specifications["ab".index(domain)].shape[1:])
        return x

    def signatures(self) -> dict[str, Signature]:
        """Returns the methods for each domain by their names, and `serving_default`, a call: to A."""
        of_a, of_b = ({"samples": batch_of(domain)} for domain in self._specifications)

        def translation(generator: keras.Model) -> Callable[..., dict[str, Any]]:
            model = self.averaged(generator)
            return lambda samples: {"samples": as_float(model(samples, training=False))}

        def judging(adversary: Adversary) -> Callable[..., dict[str, Any]]:
            return lambda samples: judgement(adversary, samples, None)

        to_a, to_b = translation(self.generator_b_to_a), translation(self.generator_a_to_b)
        return {
            "serving_default": Signature(to_a, of_b),
            "translate_to_a": Signature(to_a, of_b),
            "translate_to_b": Signature(to_b, of_a),
            "discriminate_a": Signature(judging(self.adversary_a), of_a),
            "discriminate_b": Signature(judging(self.adversary_b), of_b),
        }

    def call_specifications(self) -> list[keras.KerasTensor]:
        """Returns the shape and dtype of what a call takes: samples of B."""
        return self._specifications[1:]
