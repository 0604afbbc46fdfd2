"""What overflows on one replica is skipped by all."""

from pathlib import Path

PROGRAM = Path(__file__).with_name("replicas_skip_together.py")


def test_replicas_skip_an_update_together(answer_of):
    answer = answer_of(PROGRAM)
    before, after = answer["before"], answer["after"]
    assert after["weights"] == before["weights"]
    assert (before["scales"], after["scales"]) == ([2.0**15] * 2, [2.0**14] * 2)
    assert after["updates"] == 0
