"""Running means and the values of every update."""

import numpy as np
import pytest

from kerasgan.core import TurnLog


def test_means_weigh_rows_and_a_reset_keeps_the_updates():
    log = TurnLog("turn", ["loss", "other"], capacity=3)
    log.update_state({"loss": 1.0, "other": 5.0}, weights=1)
    log.update_state({"loss": 4.0, "other": 5.0}, weights=2)
    assert float(log.result()["loss"]) == 3.0
    log.reset_state()
    log.update_state({"loss": 7.0, "other": 5.0}, weights=2)
    assert float(log.result()["loss"]) == 7.0
    assert log.since(0)["loss"].tolist() == [1.0, 4.0, 7.0]


def test_the_ring_keeps_the_last_ones_in_order_and_says_when_it_forgot():
    log = TurnLog("turn", ["loss"], capacity=3)
    for value in range(8):
        log.update_state({"loss": float(value)}, weights=1)
    assert log.since(5)["loss"].tolist() == [5.0, 6.0, 7.0]
    assert log.since(8)["loss"].tolist() == []
    with pytest.raises(ValueError, match="Expected at least 5"):
        log.since(4)


def test_an_evaluation_is_not_recorded():
    log = TurnLog("turn", ["loss"], capacity=3)
    log.update_state({"loss": 1.0}, weights=1, record=False)
    assert log.number_of_updates == 0
    assert float(log.result()["loss"]) == 1.0


def test_the_first_value_that_is_not_finite_is_found():
    log = TurnLog("turn", ["loss", "other"], capacity=4)
    for other in (1.0, 2.0, np.inf, 3.0):
        log.update_state({"loss": 1.0, "other": other}, weights=1)
    assert log.first_not_finite() == (3, "other")
    log.update_state({"loss": np.nan, "other": 4.0}, weights=1)
    assert log.first_not_finite() == (3, "other")
    log.forget_not_finite()
    log.update_state({"loss": 1.0, "other": 1.0}, weights=1)
    assert log.first_not_finite() is None
    log.update_state({"loss": np.nan, "other": np.inf}, weights=1)
    assert log.first_not_finite() == (7, "loss")


def test_each_quantity_has_weights_of_its_own():
    """32 labeled rows that are right, then 68 without a label: the accuracy is 1."""
    log = TurnLog("turn", ["loss", "accuracy"], capacity=3)
    log.update_state({"loss": 1.0, "accuracy": 1.0}, {"loss": 32, "accuracy": 32})
    log.update_state({"loss": 2.0, "accuracy": 0.0}, {"loss": 68, "accuracy": 0})
    means = {name: float(value) for name, value in log.result().items()}
    assert means == {"loss": pytest.approx(1.68), "accuracy": 1.0}


def test_the_loss_is_the_sum_of_its_own_part_and_its_terms_however_they_are_weighed():
    log = TurnLog("turn", ["loss", "term", "other"], capacity=3, terms=["term"])
    log.update_state({"loss": 4.0, "term": 1.0, "other": 9.0}, {"loss": 1, "term": 2, "other": 2})
    log.update_state({"loss": 0.0, "term": 3.0, "other": 9.0}, {"loss": 0, "term": 2, "other": 2})
    assert log.since(0)["loss"].tolist() == [5.0, 3.0]
    assert float(log.result()["loss"]) == 4.0 + 2.0


def test_of_no_update_there_is_no_mean():
    log = TurnLog("turn", ["loss"], capacity=1)
    assert np.isnan(log.result()["loss"])
    log.update_state({"loss": 1.0}, weights=0)
    assert float(log.result()["loss"]) == 0.0
