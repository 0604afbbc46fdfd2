from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerasgan import priors
from kerasgan.core.adversary import Adversary
from kerasgan.core.export import Exporting
from kerasgan.core.inputs import conditioned
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


class GeneratorExporting(Exporting):
    """What an export of a generator and its discriminator can be asked for."""

    generator: keras.Model
    adversary: Adversary
    prior: priors.Prior
    seed_generator: keras.random.SeedGenerator
    _inputs: list[keras.KerasTensor]
    _specifications: list[keras.KerasTensor]

    def signatures(self) -> dict[str, Signature]:
        """Returns `serving_default`, of latent samples, and the methods by their names."""
        latent, *others = self._inputs
        condition = {}
        if others:
            condition["condition"] = batch_of(others[0], others[0].dtype)
        samples = batch_of(self._specifications[0])
        generator = self.averaged(self.generator)

        def serve(latent: Any, condition: Any = None) -> dict[str, Any]:
            return {"samples": as_float(self.call(conditioned(latent, condition)))}

        def sample_latent(count: Any, seed: Any) -> dict[str, Any]:
            with drawing(self.seed_generator, generator, seed) as draws:
                return {"latent": ops.cast(self.prior.sample(count, seed=draws), latent.dtype)}

        def generate(count: Any, seed: Any, condition: Any = None) -> dict[str, Any]:
            with drawing(self.seed_generator, generator, seed):
                return serve(**sample_latent(count, seed), condition=for_each(condition, count))

        def discriminate(samples: Any, condition: Any = None) -> dict[str, Any]:
            return judgement(self.adversary, samples, condition)

        return {
            "serving_default": Signature(
                serve, {"latent": batch_of(latent, latent.dtype), **condition}
            ),
            "generate": Signature(generate, {**COUNT_AND_SEED, **condition}),
            **sampling(generator, sample_latent),
            "discriminate": Signature(discriminate, {"samples": samples, **condition}),
        }

    def call_specifications(self) -> list[keras.KerasTensor]:
        """Returns the shape and dtype of each input of the generator."""
        return self._inputs
