"""N replicas equal one device, with k steps, penalties that draw and terms that look at the whole batch."""

from pathlib import Path

import numpy as np
import pytest

PROGRAM = Path(__file__).with_name("replicas_equal_one_device.py")


def promised(model):
    return pytest.mark.promise("N replicas equal one device (`MirroredStrategy`)", models=[model])


@pytest.mark.parametrize(
    ("game", "replicas"),
    [
        pytest.param("gan", 4, marks=promised("GAN")),
        pytest.param("conditional", 2, marks=promised("ConditionalGAN")),
        pytest.param("matching_aware", 2, marks=promised("MatchingAwareGAN")),
        pytest.param("auto_encoder", 2, marks=promised("AdversarialAutoEncoder")),
        pytest.param("energy_based", 2, marks=promised("EBGAN")),
        pytest.param("cyclic", 2, marks=promised("CycleGAN")),
        pytest.param("semi_supervised", 4, marks=promised("SemiSupervisedGAN")),
        pytest.param(
            "semi_supervised_auto_encoder",
            4,
            marks=promised("SemiSupervisedAdversarialAutoEncoder"),
        ),
        pytest.param("accumulating", 2, marks=promised("GAN")),
        pytest.param("growing", 2, marks=promised("GAN")),
        pytest.param("augmented", 2, marks=promised("GAN")),
    ],
)
def test_replicas_equal_one_device(game, replicas, answer_of):
    assert answer_of(PROGRAM, game, replicas)["difference"] <= 1e-5


@pytest.mark.parametrize(
    ("game", "replicas", "rows"),
    [
        ("gan", 2, 101),  # in the last round each minibatch is one row, on one of the replicas
        ("semi_supervised", 4, 113),  # in the last round 13 rows for four replicas
    ],
)
def test_replicas_that_share_a_batch_unevenly_equal_one_device(game, replicas, rows, answer_of):
    assert answer_of(PROGRAM, game, replicas, "CPU", rows)["difference"] <= 1e-5


NO_ROWS = """
import json
import keras
import numpy as np
import tensorflow as tf
import kerasgan

(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
layers = keras.layers
with strategy.scope():
    generator = [layers.Dense(6), layers.BatchNormalization()]
    discriminator = [layers.Dense(6, activity_regularizer="l2"), layers.BatchNormalization(), layers.Dense(1)]
    gan = kerasgan.GAN(
        keras.Sequential([keras.Input((3,)), *generator]),
        keras.Sequential([keras.Input((6,)), *discriminator]),
    )
    gan.compile(penalties=["dragan"], generator_ema=0.9)
data = tf.data.Dataset.from_tensor_slices(np.ones((21, 6), "float32")).batch(20)
history = gan.fit(data, verbose=0, validation_data=data).history
weights = all(np.isfinite(weight).all() for weight in gan.get_weights())
print(json.dumps({"weights": weights, "history": history}))
"""


@pytest.mark.cpu("replicas are CPUs here")
def test_layers_that_make_nan_of_no_rows_train_on_a_replica_without_rows(answer_of, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(NO_ROWS)
    answer = answer_of(script)
    assert answer["weights"]
    assert all(np.isfinite(values).all() for values in answer["history"].values())


@pytest.mark.gpu
@pytest.mark.parametrize("game", ["gan", "cyclic", "semi_supervised"])
def test_replicas_on_gpus_equal_one_gpu(game, answer_of):
    """On two cards, or on two parts of one. A card adds in another order each time, which Adam enlarges."""
    assert answer_of(PROGRAM, game, 2, "GPU")["difference"] <= 1e-4


ON_ALL_GPUS = """
import json
import keras
import numpy as np
import tensorflow as tf
import kerasgan

strategy = tf.distribute.MirroredStrategy()
mlp = kerasgan.networks.mlp
with strategy.scope():
    gan = kerasgan.GAN(mlp(4, [8], 6), mlp(6, [8]))
    gan.compile(penalties=["r1"], generator_ema=0.9)
rows = 16 * strategy.num_replicas_in_sync
history = gan.fit(np.ones((4 * rows, 6), "float32"), batch_size=rows, epochs=2, verbose=0).history
devices = [strategy.num_replicas_in_sync, len(tf.config.list_logical_devices("GPU"))]
print(json.dumps({"devices": devices, "history": history}))
"""


@pytest.mark.gpu
def test_a_strategy_takes_all_gpus_there_are(answer_of, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(ON_ALL_GPUS)
    answer = answer_of(script)
    assert answer["devices"][0] == answer["devices"][1] >= 1
    assert all(np.isfinite(values).all() for values in answer["history"].values())
