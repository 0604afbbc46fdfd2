"""Another engine of Keras is refused when the package is imported."""

import keras
import pytest

from kerasgan.backend import check_engine


def test_the_engine_of_these_tests_is_supported():
    check_engine(keras.config.backend())


@pytest.mark.parametrize("name", ["jax", "torch", "numpy", "openvino"])
def test_another_engine_says_what_to_set(name):
    with pytest.raises(ImportError, match=f"KERAS_BACKEND=tensorflow.*Received: Keras on '{name}'"):
        check_engine(name)
