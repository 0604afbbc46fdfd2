from __future__ import annotations

from typing import Any

import keras

from kerasgan import priors
from kerasgan.core.adversary import Adversary
from kerasgan.core.export import Exporting
from kerasgan.core.inputs import conditioned
from kerasgan.core.labels import Labels
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


class AutoEncoderExporting(Exporting):
    """What an export of an adversarial auto-encoder can be asked for."""

    encoder: keras.Model
    decoder: keras.Model
    adversary: Adversary
    labels: Labels
    prior: priors.Prior
    seed_generator: keras.random.SeedGenerator
    conditional: bool

    def signatures(self) -> dict[str, Signature]:
        """Returns `serving_default`, of latent samples, and the methods by their names.

        The condition is an integer label for each sample, as in the methods; a signature has it where its
        sub-models take labels.
        """
        labels, adversary = self.labels, self.adversary
        encoder, decoder = self.averaged(self.encoder), self.averaged(self.decoder)
        condition = {"condition": keras.KerasTensor((None,), "int32")}
        of_decoder = {} if labels.decoder_input is None else condition
        of_draws = {} if labels.discriminator_input is None else condition
        of_game = condition if self.conditional else {}
        samples = batch_of(self.specification()[0])
        codes = keras.KerasTensor((None, *(self.prior.shape or ())), keras.config.floatx())

        def encode(samples: Any) -> dict[str, Any]:
            return {"codes": as_float(encoder(samples, training=False))}

        def decode(codes: Any, condition: Any = None) -> dict[str, Any]:
            inputs = conditioned(codes, labels.for_decoder(condition))
            return {"samples": as_float(decoder(inputs, training=False))}

        def serve(latent: Any, condition: Any = None) -> dict[str, Any]:
            return decode(latent, condition)

        def reconstruct(samples: Any, condition: Any = None) -> dict[str, Any]:
            return decode(encode(samples)["codes"], condition)

        def sample_latent(count: Any, seed: Any, condition: Any = None) -> dict[str, Any]:
            condition = for_each(condition, count)
            with drawing(self.seed_generator, decoder, seed) as draws:
                return {"latent": as_float(labels.sample(self.prior, count, condition, draws))}

        def generate(count: Any, seed: Any, condition: Any = None) -> dict[str, Any]:
            condition = for_each(condition, count)
            with drawing(self.seed_generator, decoder, seed):
                return serve(**sample_latent(count, seed, condition), condition=condition)

        def discriminate(samples: Any, condition: Any = None) -> dict[str, Any]:
            codes = encode(samples)["codes"]
            return judgement(adversary, codes, labels.for_discriminator(condition))

        return {
            "serving_default": Signature(serve, {"latent": codes, **of_decoder}),
            "generate": Signature(generate, {**COUNT_AND_SEED, **of_game}),
            **sampling(decoder, sample_latent, **of_draws),
            "encode": Signature(encode, {"samples": samples}),
            "decode": Signature(decode, {"codes": codes, **of_decoder}),
            "reconstruct": Signature(reconstruct, {"samples": samples, **of_decoder}),
            "discriminate": Signature(discriminate, {"samples": samples, **of_game}),
        }
