"""Small games, each with a latent space."""

import keras

import kerasgan


def dense(inputs, units):
    return keras.Sequential([keras.Input((inputs,)), keras.layers.Dense(units)])


def joint(first, second, units):
    inputs = [keras.Input((first,)), keras.Input((second,))]
    return keras.Model(inputs, keras.layers.Dense(units)(keras.layers.Concatenate()(inputs)))


def gan(**arguments):
    return kerasgan.GAN(dense(3, 5), dense(5, 1), **arguments)


def conditional_gan():
    return kerasgan.ConditionalGAN(joint(3, 2, 5), joint(5, 2, 1))


def ebgan():
    return kerasgan.EBGAN(dense(3, 5), kerasgan.networks.AutoEncoder(dense(5, 2), dense(2, 5)))


def auto_encoder():
    return kerasgan.AdversarialAutoEncoder(dense(5, 3), dense(3, 5), dense(3, 1))


def labeled_auto_encoder():
    return kerasgan.AdversarialAutoEncoder(dense(5, 2), joint(2, 4, 5), dense(2, 1))


def image_gan():
    mlp = kerasgan.networks.mlp
    return kerasgan.GAN(mlp(3, [], (4, 6, 1), output_activation="tanh"), mlp((4, 6, 1), []))


# A model, and a condition for all its samples.
GAMES = {
    "gan": (gan, None),
    "conditional_gan": (conditional_gan, [0.0, 1.0]),
    "ebgan": (ebgan, None),
    "auto_encoder": (auto_encoder, None),
    "labeled_auto_encoder": (labeled_auto_encoder, 2),
    "image_gan": (image_gan, None),
}
