"""Which layers cuDNN would compute, and how they are made to do without it."""

import keras
import pytest

from kerasgan.backend import cudnn_layers, leave_cudnn, recurrence

LAYERS = keras.layers


def model(*layers):
    return keras.Sequential([keras.Input((4, 2)), *layers])


@pytest.fixture
def gpu(monkeypatch):
    """A machine that seems to have a GPU."""
    monkeypatch.setattr(recurrence, "has_gpu", lambda: True)


@pytest.mark.usefixtures("gpu")
@pytest.mark.parametrize("kind", [LAYERS.LSTM, LAYERS.GRU])
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, True),
        ({"use_cudnn": True}, True),
        ({"use_cudnn": False}, False),
        # What cuDNN cannot do, and Keras does itself.
        ({"unroll": True}, False),
        ({"activation": "relu"}, False),
        ({"recurrent_activation": "hard_sigmoid"}, False),
        ({"recurrent_dropout": 0.1}, False),
        ({"use_bias": False}, False),
    ],
)
def test_what_cudnn_computes(kind, arguments, expected):
    layer = kind(3, **arguments)
    network = keras.Sequential([layer])  # not built: Keras would refuse `use_cudnn=True` here
    assert cudnn_layers(network) == [layer] * expected


@pytest.mark.usefixtures("gpu")
def test_a_gru_without_reset_after_and_other_layers_are_keras_own():
    assert cudnn_layers(model(LAYERS.GRU(3, reset_after=False))) == []
    assert cudnn_layers(model(LAYERS.SimpleRNN(3), LAYERS.Dense(1))) == []


@pytest.mark.usefixtures("gpu")
def test_layers_within_layers_are_found_and_left():
    both = LAYERS.Bidirectional(LAYERS.GRU(3, name="gru", return_sequences=True))
    inner = keras.Sequential([keras.Input((4, 6)), LAYERS.LSTM(3, name="lstm")])
    network = model(both, inner, LAYERS.Reshape((1, 3)), LAYERS.TimeDistributed(LAYERS.Dense(1)))
    names = [layer.name for layer in cudnn_layers(network)]
    assert sorted(names) == ["backward_gru", "forward_gru", "lstm"]
    both.forward_layer.supports_jit = False  # as Keras says where it takes cuDNN
    leave_cudnn(network)
    assert cudnn_layers(network) == []
    assert all(layer.supports_jit for layer in network._flatten_layers())


def test_without_a_gpu_there_is_none():
    if recurrence.has_gpu():
        pytest.skip("there is a GPU")
    assert cudnn_layers(model(LAYERS.LSTM(3))) == []
