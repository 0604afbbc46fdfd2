import numpy as np
import pytest


@pytest.fixture
def measured():
    """Updates a metric in batches of uneven sizes and returns its value, or values by name."""

    def measured(metric, real, fake, batch_size=37):
        for start in range(0, len(fake), batch_size):
            part = slice(start, start + batch_size)
            metric.update_state(None if real is None else real[part], fake[part])
        result = metric.result()
        if isinstance(result, dict):
            return {name: float(value) for name, value in result.items()}
        return float(result)

    return measured


@pytest.fixture
def generator():
    return np.random.default_rng(0)
