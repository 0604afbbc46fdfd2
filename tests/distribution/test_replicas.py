"""N replicas equal one device, with k steps, penalties that draw and terms that look at the whole batch."""

from pathlib import Path

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
    ],
)
def test_replicas_equal_one_device(game, replicas, answer_of):
    assert answer_of(PROGRAM, game, replicas)["difference"] <= 1e-5
