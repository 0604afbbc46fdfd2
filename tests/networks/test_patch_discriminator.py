import keras
import numpy as np
import pytest

from kerasgan.backend import input_gradient
from kerasgan.constraints import WeightClipping
from kerasgan.networks import patch_discriminator


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


@pytest.mark.parametrize(("halvings", "patch", "map_size"), [(1, 12, 40), (2, 26, 20), (3, 54, 10)])
def test_a_score_sees_its_patch_and_no_further(halvings, patch, map_size):
    discriminator = patch_discriminator((80, 80, 1), filters=4, halvings=halvings)
    assert discriminator.output_shape == (None, map_size, map_size, 1)
    middle = map_size // 2
    gradient = input_gradient(
        lambda x: discriminator(x)[:, middle, middle, 0], keras.ops.array(normal(1, 80, 80, 1))
    )
    # A convolution by Fourier transforms leaves rounding everywhere.
    seen = np.abs(np.asarray(gradient)[0, ..., 0])
    rows, columns = np.nonzero(seen > 1e-6 * seen.max())
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == (patch, patch)


@pytest.mark.parametrize("shape", [(8, 8, 1), (17, 23, 2), (1, 1, 1), (2, 64, 1)])
@pytest.mark.parametrize("normalization", [None, "batch", "spectral"])
def test_images_of_any_size_with_their_conditions(shape, normalization):
    discriminator = patch_discriminator(shape, (*shape[:2], 3), 2, normalization=normalization)
    scores = discriminator([normal(3, *shape), normal(3, *shape[:2], 3)], training=True)
    assert tuple(scores.shape) == (3, -(-shape[0] // 4), -(-shape[1] // 4), 1)


def test_a_small_condition_is_enlarged_by_repetition():
    full = patch_discriminator((8, 12, 1), (8, 12, 2), filters=4)
    small = patch_discriminator((8, 12, 1), (4, 3, 2), filters=4)
    small.set_weights(full.get_weights())
    x, condition = normal(2, 8, 12, 1), normal(2, 4, 3, 2)
    enlarged = condition.repeat(2, axis=1).repeat(4, axis=2)
    np.testing.assert_allclose(small([x, condition]), full([x, enlarged]), rtol=1e-5, atol=1e-6)


def test_spectral_normalization_and_constraints_reach_every_convolution():
    spectral = patch_discriminator((8, 8, 1), filters=2, normalization="spectral")
    wrapped = [isinstance(layer, keras.layers.SpectralNormalization) for layer in spectral.layers]
    assert sum(wrapped) == 4
    clipped = patch_discriminator((8, 8, 1), filters=2, kernel_constraint=WeightClipping(0.01))
    kernels = [v for v in clipped.trainable_variables if v.name == "kernel"]
    assert len(kernels) == 4
    assert all(kernel.constraint is not None for kernel in kernels)


def test_scores_are_float32_under_mixed_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        discriminator = patch_discriminator((8, 8, 1), (4, 4, 1), filters=2)
    finally:
        keras.config.set_dtype_policy("float32")
    scores = discriminator([normal(2, 8, 8, 1), normal(2, 4, 4, 1)])
    assert scores.dtype == "float32"


@pytest.mark.parametrize(
    ("argument", "options"),
    [
        ("sample_shape", {"sample_shape": (8, 8)}),
        ("condition_shape", {"condition_shape": (8,)}),
        ("condition_shape", {"condition_shape": (3, 8, 1)}),
        ("condition_shape", {"condition_shape": (16, 16, 1)}),
        ("filters", {"filters": 0}),
        ("halvings", {"halvings": 0}),
        ("normalization", {"normalization": "layer"}),
    ],
)
def test_argument_out_of_range(argument, options):
    with pytest.raises(ValueError, match=f"Invalid value for argument `{argument}`.*Received: "):
        patch_discriminator(**{"sample_shape": (8, 8, 1), **options})
