"""Keras layers as augmentations."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasgan import augmentation

LAYERS = keras.layers
UNIT = {"value_range": (-1, 1)}


def pictures(rows, *shape, seed=0):
    return np.random.default_rng(seed).uniform(0.3, 0.7, (rows, *shape)).astype("float32")


@pytest.mark.parametrize(
    "make",
    [
        lambda: LAYERS.RandomFlip("horizontal"),
        lambda: LAYERS.RandomRotation(0.2),
        lambda: LAYERS.RandomBrightness(0.2, **UNIT),
        lambda: LAYERS.RandomErasing(1.0, **UNIT),
        lambda: LAYERS.GaussianNoise(0.1),
        lambda: keras.Sequential([LAYERS.RandomFlip(), LAYERS.RandomTranslation(0.2, 0.2)]),
    ],
)
def test_a_layer_is_applied_in_training_and_passes_gradients(make):
    layer = make()
    made = augmentation.get(layer)
    assert made.layer is layer
    images = tf.constant(pictures(16, 6, 6, 3))
    made.build((6, 6, 3))

    @tf.function
    def inside(images):
        with tf.GradientTape() as tape:
            tape.watch(images)
            transformed = made.apply(images, made.draw(16, None))
        return transformed, tape.gradient(transformed, images)

    first, gradient = inside(images)
    second, _ = inside(images)
    for transformed in (first, second):
        assert np.abs(transformed - images).max() > 0.01
    assert np.abs(first - second).max() > 0.01
    assert np.abs(gradient).max() > 0


def test_building_moves_no_draws():
    made, plain = (augmentation.LayerAugmentation(LAYERS.RandomFlip(seed=1)) for _ in range(2))
    images = tf.constant(pictures(8, 4, 4, 1))
    made.build((4, 4, 1))
    np.testing.assert_array_equal(made.apply(images, {}), plain.layer(images, training=True))
    (state,) = made.variables
    assert "seed" in state.path
    # The state resumes the draws.
    other = augmentation.LayerAugmentation(LAYERS.RandomFlip(seed=2))
    other.build((4, 4, 1))
    other.variables[0].assign(state)
    np.testing.assert_array_equal(made.apply(images, {}), other.apply(images, {}))


def test_pictures_of_one_size_are_transformed_alike():
    made = augmentation.get(LAYERS.RandomRotation(0.5, seed=0))
    made.build((6, 6, 3))
    images = tf.constant(pictures(8, 6, 6, 3))
    masks = images[..., :1] * 2
    samples, conditions = made.apply_together([images, masks], {})
    np.testing.assert_allclose(conditions, samples[..., :1] * 2, atol=1e-6)
    assert np.abs(samples - images).max() > 0.01
    with pytest.raises(
        ValueError, match=r"height and width are equal.*\(8, 6, 6, 3\), \(8, 3, 3, 1\)"
    ):
        made.apply_together([images, masks[:, ::2, ::2]], {})


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: LAYERS.RandomHue(0.2, value_range=(0, 1)), "is differentiable"),
        (lambda: LAYERS.RandomPosterization(4, value_range=(0, 1)), "is differentiable"),
        (lambda: LAYERS.Equalization(value_range=(0, 1)), "is differentiable"),
        (lambda: LAYERS.AutoContrast(value_range=(0, 1)), "nothing with `training=False`"),
        (lambda: LAYERS.Rescaling(2.0), "takes `training`"),
        (
            lambda: LAYERS.RandomCrop(3, 3),
            r"the shape of the samples, \(6, 6, 3\), not \(3, 3, 3\)",
        ),
        (lambda: LAYERS.BatchNormalization(), "without weights to train"),
    ],
)
def test_what_is_refused(make, words):
    layer = make()
    with pytest.raises(
        ValueError, match=f"`augmentation`.*{words}.*{layer.name}.*{type(layer).__name__}"
    ):
        augmentation.get(layer).build((6, 6, 3))


def test_what_is_no_layer():
    with pytest.raises(TypeError, match="`layer`"):
        augmentation.LayerAugmentation(np.flip)


def test_configuration():
    made = augmentation.get(LAYERS.RandomFlip("vertical", seed=5))
    config = json.loads(json.dumps(augmentation.serialize(made)))
    again = augmentation.deserialize(config)
    assert again.layer.get_config() == made.layer.get_config()
    from_layer = augmentation.get(keras.saving.serialize_keras_object(made.layer))
    assert from_layer.layer.get_config() == made.layer.get_config()
