"""What `--device` and the marks do; on a machine without a GPU, as far as it goes without one."""

import os

import devices
import pytest
from tensorflow.python.framework import config as tensorflow_config

pytest_plugins = ["pytester"]

TESTS = """
import os
import pytest
from tensorflow.python.framework import config

@pytest.mark.cpu("it is slow there")
def test_cpu(): ...

@pytest.mark.gpu
def test_gpu(): ...

@pytest.fixture(scope="module")
def made():
    return config.is_op_determinism_enabled()

@pytest.mark.deterministic
def test_deterministic(made):
    assert made
    assert os.environ["TF_DETERMINISTIC_OPS"] == "1"
    assert config.is_op_determinism_enabled()

def test_other():
    assert "TF_DETERMINISTIC_OPS" not in os.environ
    assert not config.is_op_determinism_enabled()
"""


def outcomes(pytester, kind):
    pytester.makepyfile(TESTS)
    result = pytester.inline_run("--strict-markers", plugins=[devices.Devices(kind)])
    passed, skipped, failed = result.listoutcomes()
    names = [[report.nodeid.split("::")[1] for report in reports] for reports in (passed, failed)]
    return *names, {report.nodeid.split("::")[1]: report.longrepr[2] for report in skipped}


def test_on_a_gpu_marks_leave_out_or_make_deterministic(pytester):
    passed, failed, skipped = outcomes(pytester, "gpu")
    assert passed == ["test_gpu", "test_deterministic", "test_other"]
    assert failed == []
    assert skipped == {"test_cpu": "Skipped: on a CPU only: it is slow there"}


def test_on_a_cpu_arithmetic_is_as_it_is(pytester):
    passed, failed, skipped = outcomes(pytester, "cpu")
    assert passed == ["test_cpu", "test_other"]
    assert failed == ["test_deterministic"]
    assert skipped == {"test_gpu": "Skipped: on a GPU only"}


def test_operations_are_as_before_after_a_test_that_failed(pytester):
    pytester.makepyfile(
        "import pytest\n@pytest.mark.deterministic\ndef test_one():\n    raise OSError"
    )
    result = pytester.inline_run(plugins=[devices.Devices("gpu")])
    assert [len(reports) for reports in result.listoutcomes()] == [0, 0, 1]
    assert not tensorflow_config.is_op_determinism_enabled()


def test_the_environment_says_which_kind(monkeypatch):
    for value, expected in ((None, "cpu"), ("cpu", "cpu"), ("gpu", "gpu")):
        monkeypatch.delenv(devices.VARIABLE, raising=False)
        if value:
            monkeypatch.setenv(devices.VARIABLE, value)
        assert devices.chosen() == expected
    monkeypatch.setenv(devices.VARIABLE, "tpu")
    with pytest.raises(pytest.UsageError, match="KERASGAN_TEST_DEVICE.*'tpu'"):
        devices.chosen()


def test_a_gpu_is_shared_and_computes_in_full_precision(monkeypatch):
    names = ["CUDA_VISIBLE_DEVICES", "TF_FORCE_GPU_ALLOW_GROWTH", "NVIDIA_TF32_OVERRIDE"]
    for name in names:
        monkeypatch.setenv(name, "x")
        monkeypatch.delenv(name)
    devices.prepare_environment("gpu")
    assert [os.environ.get(name) for name in names] == [None, "true", "0"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    devices.prepare_environment("cpu")
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "-1"


@pytest.mark.cpu("there is one")
def test_a_gpu_that_is_not_there_is_missed():
    with pytest.raises(pytest.UsageError, match=r"sees none.*docs/gpu\.md"):
        devices.prepare_tensorflow("gpu")
