import keras
import numpy as np
import pytest

import kerasgan
from kerasgan.optimizers.gradient_accumulation import GradientAccumulation


def trained(optimizer, gradients):
    variable = keras.Variable(np.zeros(3), dtype="float32")
    optimizer.build([variable])
    path = []
    for gradient in gradients:
        optimizer.apply([keras.ops.array(gradient)], [variable])
        path.append(keras.ops.convert_to_numpy(variable).copy())
    return path


@pytest.mark.parametrize("make", [keras.optimizers.Adam, keras.optimizers.RMSprop])
def test_a_step_is_one_of_the_mean_gradient(make):
    gradients = np.random.default_rng(0).normal(size=(6, 3)).astype("float32")
    gathered = trained(
        GradientAccumulation.instead_of(make(0.1, gradient_accumulation_steps=3)), gradients
    )
    plain = trained(make(0.1), gradients.reshape(2, 3, 3).mean(axis=1))
    np.testing.assert_array_equal(gathered[:2], np.zeros((2, 3)))
    np.testing.assert_allclose(gathered[2::3], plain, rtol=1e-5)
    np.testing.assert_array_equal(gathered[3], gathered[2])


def test_what_gathers_nothing_stays_as_it_is():
    optimizer = keras.optimizers.Adam()
    assert GradientAccumulation.instead_of(optimizer) is optimizer


def test_rates_and_configuration():
    optimizer = GradientAccumulation(keras.optimizers.SGD(0.5, momentum=0.9), 4)
    optimizer.learning_rate = 0.25
    copy = GradientAccumulation.from_config(optimizer.get_config())
    assert float(copy.learning_rate) == 0.25
    assert copy.inner_optimizer.momentum == 0.9
    assert copy.steps == 4


def test_a_game_with_embeddings_gathers_gradients():
    mlp = kerasgan.networks.mlp
    gan = kerasgan.ConditionalGAN(
        mlp(2, [], 2, number_of_classes=3), mlp(2, [], number_of_classes=3), seed=0
    )
    generator = keras.optimizers.SGD(0.1, gradient_accumulation_steps=2)
    gan.compile(generator, keras.optimizers.SGD(0.1), run_eagerly=True)
    table = next(each for each in gan.generator.weights if "embedding" in each.path)
    tables = [keras.ops.convert_to_numpy(table)]
    for _ in range(2):
        gan.train_on_batch(np.zeros((4, 2), "float32"), np.array([0, 0, 1, 1]))
        tables.append(keras.ops.convert_to_numpy(table))
    np.testing.assert_array_equal(tables[1], tables[0])
    moved = np.any(tables[2] != tables[0], axis=1)
    assert moved.tolist() == [True, True, False]
