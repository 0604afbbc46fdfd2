"""Trains a convolutional GAN and an auto-encoder from a seed, and prints digests of all variables.

A program of its own, because "the same bits again" is a promise about a fresh process.
"""

import hashlib
import json
import sys

import keras
import numpy as np
import tensorflow as tf

import kerasgan

LAYERS = keras.layers
IMAGES = np.random.default_rng(0).normal(size=(48, 8, 8, 1)).astype("float32")


def gan():
    generator = keras.Sequential(
        [
            keras.Input((3,)),
            LAYERS.Dense(4 * 4 * 4),
            LAYERS.Reshape((4, 4, 4)),
            LAYERS.BatchNormalization(),
            LAYERS.Conv2DTranspose(1, 4, strides=2, padding="same", activation="tanh"),
        ]
    )
    discriminator = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            LAYERS.Conv2D(4, 4, strides=2, padding="same", activation="leaky_relu"),
            LAYERS.BatchNormalization(),
            LAYERS.Dropout(0.3),
            LAYERS.GlobalMaxPooling2D(),
            LAYERS.Dense(1),
        ]
    )
    model = kerasgan.GAN(generator, discriminator)
    model.compile(penalties=["wasserstein_gradient_penalty"], discriminator_steps=2)
    return model


def auto_encoder():
    encoder = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            LAYERS.Conv2D(4, 4, strides=2, activation="relu"),
            LAYERS.Flatten(),
            LAYERS.Dropout(0.2),
            LAYERS.Dense(4),
            kerasgan.layers.GaussianSampling(),
        ]
    )
    decoder = keras.Sequential([keras.Input((2,)), LAYERS.Dense(64), LAYERS.Reshape((8, 8, 1))])
    discriminator = keras.Sequential([keras.Input((2,)), LAYERS.Dense(4, "relu"), LAYERS.Dense(1)])
    model = kerasgan.AdversarialAutoEncoder(encoder, decoder, discriminator, prior="swiss_roll")
    model.compile()
    return model


def digest(model):
    variables = [*model.variables, *model.optimizer.variables]
    arrays = [keras.ops.convert_to_numpy(variable) for variable in variables]
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


if __name__ == "__main__":
    keras.utils.set_random_seed(int(sys.argv[1]))
    tf.config.experimental.enable_op_determinism()
    answer = {}
    for make in (gan, auto_encoder):
        model = make()
        before = digest(model)
        model.fit(IMAGES, batch_size=8, epochs=2, verbose=0)
        answer[make.__name__] = {"before": before, "after": digest(model)}
    print(json.dumps(answer))
