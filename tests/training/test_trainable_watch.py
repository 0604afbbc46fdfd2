import keras
import numpy as np
import pytest

import kerasgan

X = np.random.default_rng(0).normal(size=(32, 2)).astype("float32")


def dense(inputs, outputs):
    layers = keras.layers
    return keras.Sequential(
        [keras.Input((inputs,)), layers.Dense(3, name=f"first_{outputs}"), layers.Dense(outputs)]
    )


def small_gan():
    return kerasgan.GAN(dense(3, 2), dense(2, 1))


def compile_and_fit(gan, *callbacks, epochs=1, compiles=True):
    if compiles:
        gan.compile(run_eagerly=True)
    gan.fit(X, batch_size=16, epochs=epochs, verbose=0, callbacks=callbacks)


def moved(gan, before):
    return [
        not np.array_equal(one, other) for one, other in zip(before, gan.get_weights(), strict=True)
    ]


@pytest.mark.parametrize("frozen", ["discriminator", "generator"])
def test_a_frozen_player_plays_and_does_not_move(frozen):
    gan = small_gan()
    getattr(gan, frozen).trainable = False
    before = gan.get_weights()
    compile_and_fit(gan)
    is_generators = [True] * 4 + [False] * 4
    assert moved(gan, before) == [each == (frozen == "discriminator") for each in is_generators]


def test_freezing_takes_effect_with_compile_and_is_never_ignored():
    gan = small_gan()
    compile_and_fit(gan)
    gan.discriminator.layers[0].trainable = False
    with pytest.raises(ValueError, match=r"discriminator's turn.*2 frozen, '.*first_1/kernel'"):
        compile_and_fit(gan, compiles=False)
    with pytest.raises(ValueError, match="2 frozen"):
        gan.train_on_batch(X)
    before = gan.get_weights()
    compile_and_fit(gan)
    assert moved(gan, before) == [True] * 4 + [False] * 2 + [True] * 2
    # Set free again.
    gan.discriminator.layers[0].trainable = True
    with pytest.raises(ValueError, match=r"2 set free, '.*first_1/kernel'.*Call `compile` again"):
        compile_and_fit(gan, compiles=False)
    compile_and_fit(gan)


def test_a_callback_that_freezes_is_told_too():
    class Freezes(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.generator.trainable = False

    with pytest.raises(ValueError, match=r"generator's turn.*4 frozen"):
        compile_and_fit(small_gan(), Freezes(), epochs=2)
