from __future__ import annotations

import keras

from kerasgan.penalties.penalty import Encounter


def encoder_of(encounter: Encounter, penalty: str) -> keras.Model:
    """Returns the encoder of a discriminator, or raises an error that names the penalty that needs it."""
    encoder = getattr(encounter.discriminator, "encoder", None)
    if encoder is None:
        raise ValueError(
            f"Invalid discriminator for the penalty `{penalty}`. Expected an auto-encoder with an `encoder`, "
            "such as `kerasgan.networks.AutoEncoder`: the term needs its codes. Received: "
            f"{encounter.discriminator.name!r} of type {type(encounter.discriminator).__name__}"
        )
    return encoder
