"""A run that is interrupted and started again ends with the same bits, whatever the model."""

import keras
import numpy as np
import pytest
from registry import MODELS, quick_optimizers

import kerasgan


class Interrupt(keras.callbacks.Callback):
    def __init__(self, batches):
        super().__init__()
        self.batches = batches

    def on_train_batch_end(self, batch, logs=None):
        self.batches -= 1
        if self.batches == 0:
            raise KeyboardInterrupt


def train(kind, folder, *callbacks):
    # The names too, since TensorFlow sums some terms in the order of their names.
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(0)
    make, data = MODELS[kind]
    model = make()
    model.compile(discriminator_steps=2, generator_ema=0.9, **quick_optimizers(model))
    keeper = kerasgan.callbacks.BackupAndRestore(folder, save_freq=1)
    model.fit(*data, batch_size=8, epochs=3, verbose=0, callbacks=[*callbacks, keeper])
    return [keras.ops.convert_to_numpy(variable) for variable in model.state()]


@pytest.mark.deterministic
@pytest.mark.promise("interrupted and started again, ends with the same bits")
@pytest.mark.parametrize("kind", MODELS, ids=lambda kind: kind.__name__)
@pytest.mark.slow
def test_an_interrupted_run_ends_with_the_same_bits(kind, tmp_path):
    undisturbed = train(kind, tmp_path / "undisturbed")
    with pytest.raises(KeyboardInterrupt):
        train(kind, tmp_path / "disturbed", Interrupt(5))
    resumed = train(kind, tmp_path / "disturbed")
    for one, other in zip(undisturbed, resumed, strict=True):
        np.testing.assert_array_equal(one, other)
