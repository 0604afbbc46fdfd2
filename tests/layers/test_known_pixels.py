import keras
import numpy as np
import pytest

import kerasgan
from kerasgan.layers import KnownPixels


@pytest.fixture
def case():
    random = np.random.default_rng(0)
    images = random.normal(size=(3, 4, 5, 2)).astype("float32")
    known = random.integers(2, size=(3, 4, 5)).astype(bool)
    generated = random.normal(size=images.shape).astype("float32")
    return images, known, generated


def test_known_pixels_are_kept_bit_for_bit_and_holes_are_generated(case):
    images, known, generated = case
    result = KnownPixels()([generated, KnownPixels.condition(images, known)])
    np.testing.assert_array_equal(np.asarray(result)[known], images[known])
    np.testing.assert_array_equal(np.asarray(result)[~known], generated[~known])


def test_conditions_show_nothing_of_the_holes(case):
    images, known, _ = case
    condition = KnownPixels.condition(images, known)
    assert condition.shape == (3, 4, 5, 3)
    assert condition.dtype == images.dtype
    np.testing.assert_array_equal(condition[..., 2], known)
    np.testing.assert_array_equal(condition[~known], np.zeros(((~known).sum(), 3)))
    hidden = images.copy()
    hidden[~known] = np.nan
    np.testing.assert_array_equal(KnownPixels.condition(hidden, known), condition)


def test_one_mask_for_all_and_numbers_for_booleans(case):
    images, known, _ = case
    one = KnownPixels.condition(images, known[0])
    np.testing.assert_array_equal(one, KnownPixels.condition(images, known[:1].repeat(3, axis=0)))
    np.testing.assert_array_equal(one, KnownPixels.condition(images, known[0].astype("float32")))


def test_gradients_reach_what_is_generated_in_holes_alone(case):
    images, known, generated = case
    from kerasgan.backend import input_gradient

    condition = KnownPixels.condition(images, known)
    gradient = input_gradient(
        lambda x: keras.ops.sum(KnownPixels()([x, condition])), keras.ops.array(generated)
    )
    np.testing.assert_array_equal(gradient, np.broadcast_to(~known[..., None], images.shape))


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_known_pixels_survive_mixed_precision(case, policy):
    images, known, _ = case
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        net = kerasgan.networks.unet((4, 5, 3), 2, latent_shape=3, filters=2)
        generator = keras.Model(net.inputs, KnownPixels()([net.output, net.inputs[1]]))
        discriminator = kerasgan.networks.patch_discriminator((4, 5, 2), (4, 5, 3), filters=2)
        gan = kerasgan.ConditionalGAN(generator, discriminator)
        condition = KnownPixels.condition(images, known)
        filled = gan.generate(3, condition=condition, seed=0)
    finally:
        keras.config.set_dtype_policy(before)
    np.testing.assert_array_equal(filled[known], images[known])
    assert not np.array_equal(filled[~known], images[~known])


@pytest.mark.parametrize(
    "shapes",
    [
        (None, 4, 4, 1),
        [(None, 4, 4, 1)],
        [(None, 4, 4, 1), (None, 4, 4, 1)],
        [(None, 4, 4, 1), (None, 8, 8, 2)],
        [(None, 4, 4, 1), (None, 4, 4, 2), (None,)],
    ],
)
def test_shapes_that_are_no_pair(shapes):
    with pytest.raises(ValueError, match="Invalid shape for argument `inputs`"):
        KnownPixels().build(shapes)
