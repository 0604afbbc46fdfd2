"""The curves of the page."""

import math
import re

from kerasgan.command.curves import charts, read_metrics, svg


def test_metrics_are_read_with_gaps(tmp_path):
    path = tmp_path / "metrics.csv"
    assert read_metrics(path) == {}
    path.write_text("epoch,generator_loss,val_generator_loss\n0,1.5,NA\n1,0.5,NA\n")
    metrics = read_metrics(path)
    assert metrics["generator_loss"] == [1.5, 0.5]
    assert all(map(math.isnan, metrics["val_generator_loss"]))


def test_charts_leave_out_what_has_no_values():
    found = charts(
        {
            "epoch": [0.0],
            "real_probability": [1.0],
            "generator_loss": [2.0],
            "discriminator_r1": [3.0],
            "val_real_probability": [math.nan],
        }
    )
    assert found == {
        "Scores": {"real score": [1.0]},
        "Losses": {"generator loss": [2.0]},
        "Other terms": {"discriminator r1": [3.0]},
    }


def test_points_lie_where_their_values_are():
    drawn = svg("Losses", {"a": [0.0, 4.0, math.nan, 2.0]}, steps_per_point=5)
    (points,) = re.findall(r'<polyline[^>]* points="([^"]+)"', drawn)
    (x0, low), (x1, high), (x2, middle) = (map(float, each.split(",")) for each in points.split())
    assert x1 - x0 == (x2 - x1) / 2  # a gap has the width of its point
    assert high < middle < low  # downwards in SVG
    assert middle == (high + low) / 2
    assert "step 20" in drawn


def test_a_single_or_constant_value_is_drawn():
    for values in ([1.0], [2.0, 2.0]):
        assert "polyline" in svg("Losses", {"a": values}, steps_per_point=1)
