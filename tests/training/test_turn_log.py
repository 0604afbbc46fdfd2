"""Running means and the values of every update."""

import numpy as np
import pytest

from kerasgan.core import TurnLog


def test_means_weigh_rows_and_a_reset_keeps_the_updates():
    log = TurnLog("turn", ["loss", "other"], capacity=3)
    log.update_state({"loss": 1.0, "other": 5.0}, rows=1)
    log.update_state({"loss": 4.0, "other": 5.0}, rows=2)
    assert float(log.result()["loss"]) == 3.0
    log.reset_state()
    log.update_state({"loss": 7.0, "other": 5.0}, rows=2)
    assert float(log.result()["loss"]) == 7.0
    assert log.since(0)["loss"].tolist() == [1.0, 4.0, 7.0]


def test_the_ring_keeps_the_last_ones_in_order_and_says_when_it_forgot():
    log = TurnLog("turn", ["loss"], capacity=3)
    for value in range(8):
        log.update_state({"loss": float(value)}, rows=1)
    assert log.since(5)["loss"].tolist() == [5.0, 6.0, 7.0]
    assert log.since(8)["loss"].tolist() == []
    with pytest.raises(ValueError, match="Expected at least 5"):
        log.since(4)


def test_an_evaluation_is_not_recorded():
    log = TurnLog("turn", ["loss"], capacity=3)
    log.update_state({"loss": 1.0}, rows=1, record=False)
    assert log.number_of_updates == 0
    assert float(log.result()["loss"]) == 1.0


def test_the_first_value_that_is_not_finite_is_found():
    log = TurnLog("turn", ["loss", "other"], capacity=4)
    for other in (1.0, 2.0, np.inf, 3.0):
        log.update_state({"loss": 1.0, "other": other}, rows=1)
    assert log.first_not_finite() == (3, "other")
