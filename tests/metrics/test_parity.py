"""The values of other libraries on the same features, where they are installed.

A recorded run is in benchmarks/results/metrics_parity.json.
"""

import numpy as np
import pytest

from kerasgan import metrics


@pytest.fixture
def sides(generator):
    mixing = generator.normal(size=(16, 16))
    real = np.maximum(generator.normal(size=(300, 16)) @ mixing, 0).astype("float32")
    fake = np.maximum(generator.normal(size=(300, 16)) @ mixing + 0.3, 0).astype("float32")
    return real, fake


def test_torch_fidelity(sides, measured):
    torch = pytest.importorskip("torch")
    pytest.importorskip("torch_fidelity")
    from torch_fidelity import metric_fid, metric_kid, metric_prc

    real, fake = sides
    theirs, ours = (torch.from_numpy(x.astype("float64")) for x in sides)
    moments = [metric_fid.fid_features_to_statistics(x) for x in (ours, theirs)]
    expected = metric_fid.fid_statistics_to_metric(*moments, verbose=False)
    value = measured(metrics.FrechetDistance(), real, fake)
    assert value == pytest.approx(expected["frechet_inception_distance"], rel=1e-6)

    options = {"kid_subsets": 1, "kid_subset_size": 300, "verbose": False}
    expected = metric_kid.kid_features_to_metric(ours, theirs, **options)
    value = measured(metrics.KernelDistance(), real, fake)
    assert value == pytest.approx(expected["kernel_inception_distance_mean"], rel=1e-5)

    expected = metric_prc.prc_features_to_metric(ours, theirs, verbose=False)
    value = measured(metrics.PrecisionRecall(), real, fake)
    # They count in float32.
    assert round(300 * value["precision"]) == round(300 * expected["precision"])
    assert round(300 * value["recall"]) == round(300 * expected["recall"])


def test_prdc(sides, measured):
    prdc = pytest.importorskip("prdc")
    expected = prdc.compute_prdc(*(x.astype("float64") for x in sides), nearest_k=5)
    value = measured(metrics.PrecisionRecall(k=5), *sides)
    value.update(measured(metrics.DensityCoverage(k=5), *sides))
    assert value == pytest.approx(expected, rel=1e-12)
