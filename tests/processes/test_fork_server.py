"""What scripts find in a fork of a process that has imported TensorFlow."""

import json

import pytest

SCRIPT = """
import json
import os

from tensorflow.python.eager import context

started = context.context()._initialized or context.context()._physical_devices is not None
import tensorflow as tf

is_enabled = tf.config.experimental.tensor_float_32_execution_enabled
variables = ["TF_DETERMINISTIC_OPS", "CUDA_VISIBLE_DEVICES"]
answer = {"started": started, "tf32": is_enabled(), **{name: os.environ.get(name) for name in variables}}
print(json.dumps(answer))
"""


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    return path


def test_tensorflow_is_imported_and_not_started(script, answer_of):
    """Not even its devices were asked for: a GPU does not survive a fork."""
    assert answer_of(script)["started"] is False


def test_a_script_has_the_environment_of_its_test(script, fork_server, tmp_path, monkeypatch):
    monkeypatch.setenv("TF_DETERMINISTIC_OPS", "1")
    hidden = {"CUDA_VISIBLE_DEVICES": "-1"}
    done = fork_server.start(script, folder=tmp_path, environment=hidden).wait(60)
    answer = json.loads(done.stdout.splitlines()[-1])
    assert (answer["TF_DETERMINISTIC_OPS"], answer["CUDA_VISIBLE_DEVICES"]) == ("1", "-1")
    monkeypatch.delenv("TF_DETERMINISTIC_OPS")
    done = fork_server.start(script, folder=tmp_path, environment=hidden).wait(60)
    assert json.loads(done.stdout.splitlines()[-1])["TF_DETERMINISTIC_OPS"] is None
