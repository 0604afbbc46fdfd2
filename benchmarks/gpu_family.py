"""Every model of kerasgan on color images, for `gpu.py`."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
from gpu_networks import BATCHES, LATENT, images
from keras import layers

import kerasgan
from kerasgan import networks

CLASSES = 10
CODE = 64

# Returns the arrays that are cut into batches, for a size of batch.
Data = Callable[[int], tuple[np.ndarray, ...]]


def make(name: str, size: int, filters: int) -> tuple[keras.Model, Data]:
    """Returns a model by the name of its class, not compiled, and data for it."""
    shape = (size, size, 3)

    def generator(classes: int | None = None) -> keras.Model:
        return networks.dcgan_generator(LATENT, shape, filters, classes)

    def discriminator(classes: int | None = None) -> keras.Model:
        return networks.dcgan_discriminator(shape, filters, classes)

    def encoder(code: int = CODE) -> keras.Model:
        return networks.convolutional_encoder(shape, code, filters)

    def decoder() -> keras.Model:
        return networks.convolutional_decoder(CODE, shape, filters)

    def auto_encoder() -> keras.Model:
        return networks.convolutional_auto_encoder(shape, CODE, filters)

    def critic(size: int = CODE) -> keras.Model:
        return networks.mlp(size, [256, 256])

    def with_features(outputs: int = 1) -> keras.Model:
        body = encoder()
        x = layers.LeakyReLU(name="features")(body.output)
        return keras.Model(body.inputs[0], layers.Dense(outputs, dtype="float32")(x))

    def translator() -> keras.Model:
        return networks.unet(shape, 3, filters=filters)

    def patches() -> keras.Model:
        return networks.patch_discriminator(shape, filters=filters)

    def category_and_style() -> keras.Model:
        body = encoder(256)
        x = layers.LeakyReLU()(body.output)
        parts = [layers.Dense(units, dtype="float32")(x) for units in (CLASSES, CODE)]
        return keras.Model(body.inputs[0], parts)

    def joined_decoder() -> keras.Model:
        inputs = [keras.Input((CLASSES,)), keras.Input((CODE,))]
        body = networks.convolutional_decoder(CLASSES + CODE, shape, filters)
        return keras.Model(inputs, body(layers.Concatenate()(inputs)))

    makers: dict[str, Callable[[], keras.Model]] = {
        "GAN": lambda: kerasgan.GAN(generator(), discriminator()),
        "ConditionalGAN": lambda: kerasgan.ConditionalGAN(
            generator(CLASSES), discriminator(CLASSES)
        ),
        "MatchingAwareGAN": lambda: kerasgan.MatchingAwareGAN(
            generator(CLASSES), discriminator(CLASSES)
        ),
        "AdversarialAutoEncoder": lambda: kerasgan.AdversarialAutoEncoder(
            encoder(), decoder(), critic()
        ),
        "EBGAN": lambda: kerasgan.EBGAN(generator(), auto_encoder()),
        "EnergyBasedAdversarialAutoEncoder": lambda: kerasgan.EnergyBasedAdversarialAutoEncoder(
            encoder(),
            decoder(),
            networks.AutoEncoder(networks.mlp(CODE, [32], 16), networks.mlp(16, [32], CODE)),
        ),
        "DenoisingFeatureMatchingGAN": lambda: kerasgan.DenoisingFeatureMatchingGAN(
            generator(), with_features(), networks.mlp(CODE, [256], CODE), "features"
        ),
        "GANomaly": lambda: kerasgan.GANomaly(
            encoder(), decoder(), encoder(), with_features(), "features"
        ),
        "CycleGAN": lambda: kerasgan.CycleGAN(translator(), translator(), patches(), patches()),
        "SemiSupervisedGAN": lambda: kerasgan.SemiSupervisedGAN(
            generator(), with_features(CLASSES), "features"
        ),
        "SemiSupervisedAdversarialAutoEncoder": (
            lambda: kerasgan.SemiSupervisedAdversarialAutoEncoder(
                category_and_style(), joined_decoder(), critic(CLASSES), critic()
            )
        ),
    }

    def data(batch: int) -> tuple[np.ndarray, ...]:
        x = images(size, batch)
        labels = np.arange(BATCHES * batch, dtype="int32").reshape(BATCHES, batch) % CLASSES
        if name == "CycleGAN":
            return x, x[:, :, ::-1]
        if name in ("ConditionalGAN", "MatchingAwareGAN"):
            return x, labels
        if name.startswith("SemiSupervised"):
            return x, np.where(np.arange(batch) % 10, -1, labels)
        return (x,)

    return makers[name](), data


def names() -> list[str]:
    """Returns the names of the models that `make` knows: all there are."""
    return list(kerasgan.models.__all__)
