"""One face for many optimizers: ratios, iterations, saving."""

import keras
import numpy as np
import pytest

from kerasgan.core import Optimizers


def group(first=0.1, second=0.4):
    optimizers = Optimizers(
        {
            "first": keras.optimizers.SGD(first, momentum=0.9),
            "second": keras.optimizers.Adam(second),
        }
    )
    for turn in ("first", "second"):
        optimizers[turn].build([keras.Variable(np.ones(2, "float32"))])
    return optimizers


def rates(optimizers):
    return [float(optimizers[turn].learning_rate) for turn in ("first", "second")]


def test_setting_the_learning_rate_keeps_the_ratio_even_through_zero():
    optimizers = group()
    optimizers.learning_rate = 0.0
    optimizers.learning_rate = 0.05
    np.testing.assert_allclose(rates(optimizers), [0.05, 0.2], rtol=1e-6)
    np.testing.assert_allclose(float(optimizers.learning_rate), 0.05)


def test_a_schedule_for_all_is_refused():
    with pytest.raises(TypeError, match="give a schedule to each turn's optimizer"):
        group().learning_rate = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)


def test_variables_are_everybodys_and_come_back():
    source, target = group(), group(0.5, 0.6)
    source["second"].apply([np.ones(2, "float32")])
    source.count_round()
    source.count_round()
    store = {}
    source.save_own_variables(store)
    target.load_own_variables(store)
    own = [*source["first"].variables, *source["second"].variables]
    assert [id(each) for each in source.variables[1:]] == [id(each) for each in own]
    for saved, loaded in zip(source.variables, target.variables, strict=True):
        np.testing.assert_array_equal(saved.numpy(), loaded.numpy())
    assert (target.rounds, int(target.iterations)) == (2, 1)
    np.testing.assert_allclose(rates(target), [0.1, 0.4], rtol=1e-6)


def test_it_updates_nothing_itself():
    with pytest.raises(TypeError, match="applied by its turns"):
        group().apply([np.ones(2)])


def test_a_config_makes_an_equal_group():
    restored = Optimizers.from_config(group().get_config())
    np.testing.assert_allclose(rates(restored), [0.1, 0.4], rtol=1e-6)
    assert isinstance(restored["first"], keras.optimizers.SGD)


@pytest.mark.parametrize("stock", ["scheduler", "plateau"])
def test_stock_callbacks_move_every_optimizer(stock):
    import kerasgan

    gan = kerasgan.GAN(
        keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]),
        keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]),
    )
    gan.compile(keras.optimizers.Adam(1e-3), keras.optimizers.Adam(4e-3), run_eagerly=True)
    callback = {
        "scheduler": keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2),
        "plateau": keras.callbacks.ReduceLROnPlateau(
            "real_probability", factor=0.5, patience=0, mode="min", min_delta=1.0
        ),
    }[stock]
    history = gan.fit(np.zeros((8, 1)), epochs=2, verbose=0, callbacks=[callback])
    halvings = 2 if stock == "scheduler" else 1
    expected = np.array([4e-3, 1e-3]) / 2**halvings
    got = [float(gan.optimizer[turn].learning_rate) for turn in ("discriminator", "generator")]
    np.testing.assert_allclose(got, expected, rtol=1e-5)
    assert "learning_rate" in history.history
