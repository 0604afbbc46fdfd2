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


class Freezes(keras.callbacks.Callback):
    """Freezes the generator when an event has happened once."""

    def __init__(self, event):
        super().__init__()
        setattr(self, event, self.freeze)
        self.saw_the_end = 0

    def freeze(self, *_, **__):
        self.model.generator.trainable = False

    def on_epoch_end(self, epoch, logs=None):
        self.saw_the_end += 1


@pytest.mark.parametrize(
    ("event", "epochs"),
    [
        ("on_train_begin", 0),
        ("on_epoch_begin", 0),
        ("on_train_batch_begin", 0),
        ("on_train_batch_end", 0),
        ("on_epoch_end", 1),
    ],
)
def test_a_callback_that_freezes_is_told_before_the_epoch_counts(event, epochs):
    callback = Freezes(event)
    if event == "on_epoch_end":
        callback.on_epoch_end = lambda *given: (
            Freezes.on_epoch_end(callback, *given),
            callback.freeze(),
        )
    with pytest.raises(ValueError, match=r"generator's turn.*4 frozen"):
        compile_and_fit(small_gan(), callback, epochs=epochs + 1)
    assert callback.saw_the_end == epochs


def test_what_is_set_free_when_training_is_over_is_nobodys_concern():
    gan, callback = small_gan(), Freezes("on_train_end")
    compile_and_fit(gan, callback)
    assert callback.saw_the_end == 1
    compile_and_fit(gan)


@pytest.mark.parametrize("frozen", [True, False])
def test_statistics_without_trainable_weights_are_watched_too(frozen):
    layers = keras.layers
    statistics = layers.BatchNormalization(center=False, scale=False)
    generator = keras.Sequential([keras.Input((3,)), layers.Dense(2), statistics])
    gan = kerasgan.GAN(generator, dense(2, 1))
    statistics.trainable = not frozen
    compile_and_fit(gan)
    before = statistics.get_weights()
    statistics.trainable = frozen
    word = "set free" if frozen else "frozen"
    with pytest.raises(ValueError, match=rf"generator's turn.*2 {word}, '.*moving_mean'"):
        compile_and_fit(gan, compiles=False)
    compile_and_fit(gan)
    moves = not np.array_equal(before[0], statistics.get_weights()[0])
    assert moves == frozen


def functional():
    inputs = keras.Input((2,))
    return keras.Model(inputs, keras.layers.Dense(1)(dense(2, 3)(inputs)))


def test_layers_inside_of_a_model_in_the_model_are_watched():
    gan = kerasgan.GAN(dense(3, 2), functional())
    inner = gan.discriminator.layers[1].layers[0]
    gan.compile(generator_ema=0.9)
    compile_and_fit(gan, compiles=False)
    inner.trainable = False
    with pytest.raises(ValueError, match="2 frozen"):
        compile_and_fit(gan, compiles=False)
    before = inner.get_weights()
    gan.compile()
    compile_and_fit(gan, compiles=False)
    assert all(map(np.array_equal, before, inner.get_weights()))
    inner.trainable = True
    with pytest.raises(ValueError, match="2 set free"):
        compile_and_fit(gan, compiles=False)
    gan.compile()
    compile_and_fit(gan, compiles=False)
    assert not any(map(np.array_equal, before, inner.get_weights()))


def test_a_frozen_generator_has_an_average_that_stays():
    gan = small_gan()
    gan.generator.layers[0].trainable = False
    gan.compile(run_eagerly=True, generator_ema=0.5)
    compile_and_fit(gan, compiles=False)
    ours, average = gan.generator.get_weights(), gan.averages.generator.get_weights()
    same = [np.allclose(one, other, atol=1e-7) for one, other in zip(ours, average, strict=True)]
    assert same == [True, True, False, False]


@keras.saving.register_keras_serializable(package="tests")
class Critic(keras.Model):
    """A model whose configuration does not say which layers are frozen."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.parts = [dense(2, 3), keras.layers.Dense(1)]

    def build(self, shape):
        self.parts[1].build((None, 3))

    def call(self, inputs):
        return self.parts[1](self.parts[0](inputs))

    def get_config(self):
        return {"name": self.name}


def critic():
    model = Critic()
    model(X)
    return model


@pytest.mark.parametrize(
    ("make", "frozen"), [(lambda: dense(2, 1), 2), (functional, 4), (critic, 4)]
)
def test_what_is_frozen_stays_so_in_a_file(make, frozen, tmp_path):
    gan = kerasgan.GAN(dense(3, 2), make())
    gan.discriminator.layers[-2].trainable = False
    compile_and_fit(gan)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    before = loaded.get_weights()
    compile_and_fit(loaded, compiles=False)
    compile_and_fit(gan, compiles=False)
    for one, other in zip(loaded.get_weights(), gan.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    same = [not each for each in moved(loaded, before)]
    assert same == [False] * 4 + [True] * frozen + [False] * (len(same) - 4 - frozen)


def test_a_layer_that_is_free_in_a_frozen_model_stays_so_in_a_file(tmp_path):
    gan = kerasgan.GAN(dense(3, 2), critic())
    gan.discriminator.parts[0].trainable = False
    gan.discriminator.parts[0].layers[1].trainable = True
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras", compile=False)
    flags = [[each.trainable for each in game._flatten_layers()] for game in (gan, loaded)]
    assert flags[0] == flags[1]
    assert False in flags[0]
