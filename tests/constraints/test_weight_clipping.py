import keras
import numpy as np
import pytest

from kerasgan.constraints import WeightClipping


def test_clips_to_the_limit_and_leaves_the_rest():
    weights = np.array([[-3.0, -0.5, -0.1], [0.0, 0.2, 7.0]], "float32")
    clipped = keras.ops.convert_to_numpy(WeightClipping(0.5)(weights))
    np.testing.assert_array_equal(
        clipped, np.array([[-0.5, -0.5, -0.1], [0.0, 0.2, 0.5]], "float32")
    )


def test_default_limit_is_that_of_the_paper():
    assert WeightClipping().limit == 0.01


def test_optimizer_applies_it_after_each_update():
    layer = keras.layers.Dense(3, kernel_constraint=WeightClipping(0.02))
    layer.build((None, 4))
    assert np.abs(layer.kernel.numpy()).max() > 0.02
    optimizer = keras.optimizers.SGD(0.1)
    gradients = [keras.ops.zeros_like(variable) for variable in layer.trainable_variables]
    optimizer.apply(gradients, layer.trainable_variables)
    assert np.abs(layer.kernel.numpy()).max() == np.float32(0.02)


def test_saved_with_a_model(tmp_path):
    model = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(1, kernel_constraint=WeightClipping(0.3))]
    )
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    constraint = loaded.layers[0].kernel_constraint
    assert isinstance(constraint, WeightClipping)
    assert constraint.limit == 0.3


@pytest.mark.parametrize("limit", [0, -0.1, float("nan"), float("inf"), "a", None, True])
def test_limit_out_of_range(limit):
    with pytest.raises(ValueError, match=r"Invalid value for argument `limit`.*Received: limit="):
        WeightClipping(limit)
