"""Promises of everything that is plugged into a model."""

import contextlib

import keras
import numpy as np
import pytest
from registry import CALLBACKS, CONFIGURABLE, LAYERS, MODELS

import kerasgan


@pytest.mark.parametrize("kind", CONFIGURABLE, ids=lambda kind: kind.__name__)
def test_a_configuration_makes_an_equal_object(kind):
    thing = CONFIGURABLE[kind]()
    config = keras.saving.serialize_keras_object(thing)
    restored = keras.saving.deserialize_keras_object(config)
    assert type(restored) is kind
    assert keras.saving.serialize_keras_object(restored) == config


@pytest.mark.deterministic
@pytest.mark.parametrize("kind", LAYERS, ids=lambda kind: kind.__name__)
def test_a_layer_comes_back_from_a_file(kind, tmp_path):
    make, inputs = LAYERS[kind]
    symbolic = keras.tree.map_structure(
        lambda a: keras.Input(a.shape[1:], dtype=str(a.dtype)), inputs
    )
    model = keras.Model(symbolic, make()(symbolic))
    model.save(tmp_path / "layer.keras")
    loaded = keras.models.load_model(tmp_path / "layer.keras")
    np.testing.assert_array_equal(
        model.predict(inputs, verbose=0), loaded.predict(inputs, verbose=0)
    )


@pytest.mark.parametrize("model", list(MODELS), ids=lambda model: model.__name__)
@pytest.mark.parametrize("kind", CALLBACKS, ids=lambda kind: kind.__name__)
def test_a_callback_works_with_every_model(kind, model, tmp_path):
    make, data = MODELS[model]
    callback = CALLBACKS[kind](tmp_path / model.__name__)
    instance = make()
    if instance.conditional and kind is kerasgan.callbacks.SampleGrid:
        callback = kerasgan.callbacks.SampleGrid(
            tmp_path / model.__name__, rows=1, columns=2, condition=data[1][:2]
        )
    instance.compile(run_eagerly=True)
    error = None
    if kind is kerasgan.callbacks.SampleGrid and not hasattr(instance, "generate"):
        error = pytest.raises(TypeError, match="generate")
    if kind is kerasgan.callbacks.ProgressiveGrowing:
        # These players cannot grow; those that can are in tests/callbacks.
        error = pytest.raises(ValueError, match="players that can grow")
    with error or contextlib.nullcontext():
        instance.fit(*data, verbose=0, callbacks=[callback])
    if error is not None:
        return
    if kind is kerasgan.callbacks.Diagnosis:
        assert callback.measurements
    elif kind is kerasgan.callbacks.AnomalyDetection:
        assert instance.history.history["auroc"] == [1.0]
    else:
        assert list((tmp_path / model.__name__).iterdir())
