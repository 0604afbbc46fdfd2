"""N replicas equal one device, with k steps, penalties that draw and terms that look at the whole batch."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("replicas_equal_one_device.py")
PROJECT = Path(__file__).parents[2]


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
    ],
)
def test_replicas_equal_one_device(game, replicas):
    run = subprocess.run(
        [sys.executable, str(PROGRAM), game, str(replicas)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        # Also where the package is not installed, but run from its folder.
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )
    assert run.returncode == 0, run.stderr[-2000:]
    assert json.loads(run.stdout.splitlines()[-1])["difference"] <= 1e-5
