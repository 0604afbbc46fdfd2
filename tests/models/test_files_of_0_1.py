"""Files that version 0.1 saved load, with all that they hold, and training goes on."""

from pathlib import Path

import keras
import numpy as np
import pytest
from registry import MODELS

FOLDER = Path(__file__).parent / "saved_by_0_1"


@pytest.mark.parametrize("kind", MODELS, ids=lambda kind: kind.__name__)
@pytest.mark.slow
def test_a_file_of_0_1_loads_and_training_goes_on(kind):
    model = keras.models.load_model(FOLDER / f"{kind.__name__}.keras")
    # Saved after three rounds of two discriminator steps each, of three minibatches of 8 rows.
    assert model.discriminator_steps == 2
    assert int(model.optimizer["discriminator"].iterations) == 6
    assert model.average_momentum == 0.5
    history = model.fit(*MODELS[kind][1], batch_size=8, verbose=0).history
    assert int(model.optimizer["discriminator"].iterations) == 12
    assert all(np.isfinite(values).all() for values in history.values())
