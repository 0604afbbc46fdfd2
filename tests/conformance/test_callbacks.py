"""Keras's own callbacks and tools on every model, each doing what it says."""

import copy
import csv
import io

import keras
import numpy as np
import pytest
from programs import program
from registry import CALLBACKS, MODELS, call_inputs

import kerasgan

RATES = {
    "discriminator": 4e-3,
    "generator": 1e-3,
    "reconstruction": 2e-3,
    "denoiser": 5e-4,
    "classification": 3e-3,
}


@pytest.fixture(params=list(MODELS), ids=lambda kind: kind.__name__)
def kind(request):
    return request.param


def compiled(kind, **arguments):
    """A model whose optimizers have learning rates of their own, and its data."""
    make, data = MODELS[kind]
    model = make()
    optimizers = {
        f"{turn.name}_optimizer": keras.optimizers.SGD(RATES[turn.name], momentum=0.5)
        for turn in model.turns()
    }
    metric = keras.metrics.MeanSquaredError(name="distance")
    model.compile(metrics=[metric], **optimizers, **arguments)
    return model, data


def validation(data):
    return tuple(part[:16] for part in data) if len(data) > 1 else data[0][:16]


def validation_arguments(data):
    given = validation(data)
    return given if isinstance(given, tuple) else (given,)


def rates_of(model):
    rates = {turn.name: model.optimizer[turn.name].learning_rate for turn in model.turns()}
    return {name: float(keras.ops.convert_to_numpy(rate)) for name, rate in rates.items()}


def assert_weights(model, expected):
    for value, other in zip(model.get_weights(), expected, strict=True):
        np.testing.assert_array_equal(value, other)


@pytest.mark.promise("stock callbacks, validation and metrics inside `fit`")
def test_the_stock_callbacks(kind, tmp_path, capsys):
    pytest.importorskip("tensorboard")
    model, data = compiled(kind)
    seen, batches = [], []

    def remember(epoch, logs):
        # As it is before `ReduceLROnPlateau`, further down the list, has had its turn.
        seen.append((model.get_weights(), rates_of(model)))

    best = {"monitor": "val_discriminator_loss", "save_best_only": True}
    # That much of an improvement never comes: nothing is better than the first epoch.
    plateau = {"monitor": "val_generator_loss", "min_delta": 1e9}
    callbacks = keras.callbacks
    history = model.fit(
        *data,
        batch_size=8,
        epochs=5,
        verbose=1,
        validation_data=validation(data),
        callbacks=[
            callbacks.LambdaCallback(
                on_epoch_end=remember, on_train_batch_end=lambda batch, logs: batches.append(batch)
            ),
            callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5),
            callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras"),
            callbacks.ModelCheckpoint(tmp_path / "best.weights.h5", save_weights_only=True, **best),
            callbacks.ModelCheckpoint(
                tmp_path / "best.keras", monitor="val_distance", save_best_only=True
            ),
            callbacks.EarlyStopping(patience=2, restore_best_weights=True, **plateau),
            callbacks.ReduceLROnPlateau(patience=1, factor=0.1, **plateau),
            callbacks.CSVLogger(tmp_path / "log.csv"),
            callbacks.TerminateOnNaN(),
            callbacks.TensorBoard(tmp_path / "logs"),
        ],
    ).history

    # Stopped when two epochs had brought nothing, and back at the first one's weights.
    assert len(seen) == 3
    assert batches == 3 * list(range(6))
    assert_weights(model, seen[0][0])
    results = model.evaluate(*validation_arguments(data), batch_size=8, verbose=0, return_dict=True)
    assert {f"val_{name}" for name in results} < set(history)
    for name, value in results.items():
        assert value == pytest.approx(history[f"val_{name}"][0], rel=1e-5), name

    # Every optimizer's rate is scheduled and reduced, so that their ratios stay.
    for epoch, factor in enumerate([0.5, 0.5**2, 0.5**3 * 0.1]):
        for name, rate in seen[epoch][1].items():
            assert rate == pytest.approx(RATES[name] * factor, rel=1e-5)
    for name, rate in rates_of(model).items():
        assert rate == pytest.approx(RATES[name] * 0.5**3 * 0.1**2, rel=1e-5)

    # Checkpoints of every epoch, and of the best by a turn's loss and by a metric.
    assert (tmp_path / "2.keras").is_file()
    for epoch in (0, 2):
        loaded = keras.models.load_model(tmp_path / f"{epoch + 1}.keras")
        assert_weights(loaded, seen[epoch][0])
        assert int(loaded.optimizer.iterations) == 6 * (epoch + 1)
    other, _ = compiled(kind)
    other.load_weights(tmp_path / "best.weights.h5")
    assert_weights(other, seen[int(np.argmin(history["val_discriminator_loss"]))][0])
    assert_weights(
        keras.models.load_model(tmp_path / "best.keras"),
        seen[int(np.argmin(history["val_distance"]))][0],
    )

    # What is written and shown of it.
    with (tmp_path / "log.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["val_distance"]) for row in rows] == pytest.approx(history["val_distance"])
    assert set(rows[0]) == {"epoch", *history}
    printed = capsys.readouterr().out
    assert "6/6" in printed
    assert "discriminator_loss: " in printed
    assert "val_distance: " in printed
    assert list((tmp_path / "logs" / "train").iterdir())
    assert list((tmp_path / "logs" / "validation").iterdir())


@pytest.mark.parametrize("stock", ["EarlyStopping", "ReduceLROnPlateau", "ModelCheckpoint"])
def test_the_defaults_of_keras_name_nothing_of_a_game(stock, tmp_path):
    model, data = compiled(kerasgan.GAN)
    arguments = {"filepath": tmp_path / "a.keras", "save_best_only": True}
    callback = getattr(keras.callbacks, stock)(**arguments if stock == "ModelCheckpoint" else {})
    with pytest.raises(ValueError, match=f"of `{stock}`.*val_distance.*'val_loss'"):
        model.fit(*data, verbose=0, validation_data=data[0], callbacks=[callback])
    assert int(model.optimizer.iterations) == 0


def test_training_ends_at_nan_and_says_where():
    model, data = compiled(kerasgan.GAN, run_eagerly=True)

    def spoil(batch, logs):
        if batch == 2:
            kernel = model.generator.weights[0]
            kernel.assign(np.full(kernel.shape, np.nan))

    callbacks = [
        keras.callbacks.TerminateOnNaN(),
        keras.callbacks.LambdaCallback(on_train_batch_end=spoil),
    ]
    with pytest.raises(FloatingPointError, match="in the discriminator's turn, at its update 4"):
        model.fit(*data, batch_size=8, epochs=2, verbose=0, callbacks=callbacks)


@pytest.mark.promise("`predict`")
def test_predict_gives_samples(kind):
    model, data = compiled(kind)
    inputs = call_inputs(model, data)
    assert model.predict(inputs, batch_size=20, verbose=0).shape == data[0].shape


@pytest.mark.promise("`summary`")
def test_the_summary_has_every_player(kind):
    model, _ = compiled(kind)
    text = io.StringIO()
    model.summary(print_fn=lambda line: text.write(line + "\n"), line_length=120)
    players = {player.name for turn in model.turns() for player in turn.players}
    assert len(players) >= 2
    for name in players:
        assert name in text.getvalue()
    count = sum(weight.shape.num_elements() for weight in model.trainable_weights)
    assert f"Trainable params: {count:,} " in text.getvalue()


@pytest.mark.promise("`clone_model`")
def test_a_clone_is_a_new_game_of_the_same_kind(kind):
    model, data = compiled(kind)
    clone = keras.models.clone_model(model)
    assert type(clone) is kind
    assert clone.get_config() == model.get_config()
    assert not {id(v) for v in clone.variables} & {id(v) for v in model.variables}
    assert rates_of(clone) == pytest.approx(rates_of(model))
    before = model.get_weights()
    clone.set_weights(before)
    assert_weights(clone, before)
    clone.train_on_batch(*data)
    assert_weights(model, before)
    assert int(clone.optimizer.iterations) == 1
    assert int(model.optimizer.iterations) == 0


@pytest.mark.promise("`plot_model`")
def test_plot_model(kind, tmp_path):
    pytest.importorskip("pydot")
    model, _ = compiled(kind)
    assert f"({kind.__name__})" in keras.utils.model_to_dot(model).to_string()
    program("dot")
    keras.utils.plot_model(model, tmp_path / "model.png")
    assert (tmp_path / "model.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("callback", CALLBACKS, ids=lambda callback: callback.__name__)
def test_a_callback_can_be_copied_for_each_trial_of_a_search(callback, tmp_path):
    original = CALLBACKS[callback](tmp_path)
    copied = copy.deepcopy(original)
    assert type(copied) is callback
    assert vars(copied).keys() == vars(original).keys()


# The classes that the others derive from or resemble. KerasTuner calls what Python has deprecated.
@pytest.mark.promise("KerasTuner searches")
@pytest.mark.filterwarnings("ignore::DeprecationWarning:keras_tuner")
@pytest.mark.parametrize("kind", list(MODELS)[:4])
def test_keras_tuner_searches(kind, tmp_path):
    keras_tuner = pytest.importorskip("keras_tuner")
    _, data = MODELS[kind]

    def build(parameters):
        model, _ = compiled(kind, run_eagerly=True)
        rate = parameters.Choice("rate", [1e-3, 1e-2])
        model.optimizer.learning_rate = rate
        return model

    tuner = keras_tuner.RandomSearch(
        build,
        objective=keras_tuner.Objective("val_generator_loss", "min"),
        max_trials=2,
        seed=0,
        directory=tmp_path,
    )
    tuner.search(*data, batch_size=24, epochs=1, verbose=0, validation_data=validation(data))
    trials = tuner.oracle.get_best_trials(2)
    assert {trial.hyperparameters.get("rate") for trial in trials} == {1e-3, 1e-2}
    assert trials[0].score <= trials[1].score
    best = tuner.get_best_models(1)[0]
    arguments = validation_arguments(data)
    results = best.evaluate(*arguments, verbose=0, return_dict=True)
    assert results["generator_loss"] == pytest.approx(trials[0].score, rel=1e-5)


@pytest.mark.parametrize("swap_on_epoch", [False, True])
@pytest.mark.parametrize("use_ema", [False, True])
def test_keras_does_not_swap_averages_of_a_game_and_says_so(swap_on_epoch, use_ema):
    """A game keeps averages of its own, `generator_ema`; Keras looks for them in a single optimizer."""
    make, (x,) = MODELS[kerasgan.GAN]
    model = make()
    adam = keras.optimizers.Adam
    model.compile(adam(use_ema=use_ema), adam(use_ema=use_ema), run_eagerly=True)
    callbacks = [keras.callbacks.SwapEMAWeights(swap_on_epoch)]
    latent = np.zeros((2, *model.latent.specification.shape[1:]), "float32")
    for call in (
        lambda given: model.fit(x, verbose=0, callbacks=given),
        lambda given: model.evaluate(x, verbose=0, callbacks=given),
        lambda given: model.predict(latent, verbose=0, callbacks=given),
    ):
        for given in (callbacks, callbacks[0], keras.callbacks.CallbackList(callbacks)):
            with pytest.raises(ValueError, match=r"`callbacks`.*`compile\(generator_ema=0.999\)`"):
                call(given)
