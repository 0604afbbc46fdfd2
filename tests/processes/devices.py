"""On which device the tests run, as `python tests/run.py --device=gpu` says, and what marks mean there.

`@pytest.mark.cpu("reason")` leaves a test out on a GPU, `@pytest.mark.gpu` everywhere else. What compares the
bits of two computations is marked `@pytest.mark.deterministic`: a GPU adds in another order each time, unless
TensorFlow is told not to. XLA is left out then, as Keras does wherever operations are to be deterministic.
"""

from __future__ import annotations

import os

import pytest

VARIABLE = "KERASGAN_TEST_DEVICE"
KINDS = ("cpu", "gpu")

MARKERS = (
    "cpu(reason): left out on a GPU",
    "gpu: left out on a CPU",
    "deterministic: compares bits, for which operations on a GPU are made deterministic",
)


def chosen() -> str:
    """Returns the kind of device that the environment asks for, a CPU if it asks for none."""
    kind = os.environ.get(VARIABLE, "cpu")
    if kind not in KINDS:
        raise pytest.UsageError(f"{VARIABLE} must be one of {KINDS}, not {kind!r}.")
    return kind


def prepare_environment(kind: str) -> None:
    """Sets what TensorFlow and CUDA read once, when they start, here and in the processes of tests."""
    if kind == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"  # the same arithmetic on every machine
        return
    # Processes share the card: each takes what it needs, not all there is.
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    # Tests compare to 1e-5, and TensorFloat-32 has three digits. This is for NVIDIA's libraries, and
    # `prepare_tensorflow` for what XLA compiles itself.
    os.environ["NVIDIA_TF32_OVERRIDE"] = "0"


def prepare_tensorflow(kind: str) -> None:
    """Likewise, of what TensorFlow is told by a call."""
    if kind == "gpu":
        import tensorflow as tf

        if not tf.config.list_physical_devices("GPU"):
            raise pytest.UsageError(
                "The tests are to run on a GPU, and TensorFlow sees none. Its log says why: set "
                "TF_CPP_MIN_LOG_LEVEL=0. docs/gpu.md says how to install it for a GPU."
            )
        tf.config.experimental.enable_tensor_float_32_execution(False)


class Devices:
    """The plugin that heeds the marks."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def pytest_configure(self, config: pytest.Config) -> None:
        for marker in MARKERS:
            config.addinivalue_line("markers", marker)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            if self.kind == "gpu" and (mark := item.get_closest_marker("cpu")):
                item.add_marker(pytest.mark.skip(reason=f"on a CPU only: {mark.args[0]}"))
            if self.kind == "cpu" and item.get_closest_marker("gpu"):
                item.add_marker(pytest.mark.skip(reason="on a GPU only"))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item):
        if self.kind == "cpu" or not item.get_closest_marker("deterministic"):
            return (yield)
        from tensorflow.python.framework import config

        os.environ["TF_DETERMINISTIC_OPS"] = "1"  # for the test's processes
        config.enable_op_determinism()
        try:
            return (yield)
        finally:
            config.disable_op_determinism()
            del os.environ["TF_DETERMINISTIC_OPS"]
