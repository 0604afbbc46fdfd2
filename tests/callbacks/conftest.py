"""A stand-in for a model: it counts its batches and makes up closed-form logs and samples."""

import keras
import numpy as np
import pytest


class CountingModel(keras.Model):
    """Plays `k` discriminator updates and a generator update a batch; update i logs f(i)."""

    def __init__(self, k=1, sample_shape=(3, 5), conditional=False, score="probability"):
        super().__init__()
        self.k = k
        self.sample_shape = sample_shape
        self.conditional = conditional
        self.score = score
        self.batches = self.add_weight(shape=(), dtype="int64", name="batches", trainable=False)
        self.generated = []
        self.compile()

    def train_step(self, data):
        self.batches.assign_add(1)
        return {"batches": keras.ops.cast(self.batches, "float32")}

    def generate(self, n, condition=None, seed=None):
        self.generated.append({"condition": condition, "seed": seed})
        return np.full((n, *self.sample_shape), -1.0) + np.arange(n).reshape(
            n, *(1 for _ in self.sample_shape)
        ) * (2 / max(n - 1, 1))

    def value(self, turn, update):
        return {"discriminator": 1.0, "generator": 2.0}[turn] / (update + 3)

    def updates_since(self, cursor):
        done = int(self.batches)
        start = done if cursor is None else cursor
        steps = {"discriminator": self.k, "generator": 1}
        fake = {"discriminator": "fake", "generator": "generator"}
        updates = {}
        for turn, moves in steps.items():
            values = np.array([self.value(turn, i) for i in range(start * moves, done * moves)])
            updates[turn] = {f"{turn}_loss": -values, f"{fake[turn]}_{self.score}": values}
        return updates, done


@pytest.fixture
def counting_model():
    return CountingModel
