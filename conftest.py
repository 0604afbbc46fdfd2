"""Set-up of every test and doctest; at the top, to reach the doctests of `kerasgan` as well."""

import os

import devices

# Before Keras is imported, which reads them once. An environment that sets them keeps its choice.
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("MPLBACKEND", "agg")
devices.prepare_environment(devices.chosen())

import keras  # noqa: E402
import numpy as np  # noqa: E402
import pytest  # noqa: E402

import kerasgan  # noqa: E402


def pytest_configure():
    devices.prepare_tensorflow(devices.chosen())


@pytest.fixture(autouse=True)
def same_start():
    """Gives each test the same seeds, layer names and dtype policy, whatever ran before it."""
    # Without free_memory: its garbage collection would cost more than most tests.
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(0)


@pytest.fixture(autouse=True)
def names_in_doctests(doctest_namespace):
    """Lets examples start where a reader is: with Keras, this package and NumPy imported."""
    doctest_namespace.update(keras=keras, kerasgan=kerasgan, np=np)
