"""What a SavedModel draws for calls at the same time is what it draws for each of them alone."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest
import tensorflow as tf
from asking import PYTHON, post
from running_server import RunningServer
from sampler import Sampler

import kerasgan

# One batch, which waits until it is full.
COUNTS = (1, 2, 5, 8, 16)


def labeled(decoder_takes_them, discriminator_takes_them):
    """Returns an auto-encoder of 4 numbers and 3 classes, of which either part may know."""

    def network(size, labels, units):
        inputs = [keras.Input((size,))] + ([keras.Input((labels,))] if labels else [])
        joined = keras.layers.Concatenate()(inputs) if labels else inputs[0]
        return keras.Model(inputs, keras.layers.Dense(units)(joined))

    return kerasgan.AdversarialAutoEncoder(
        network(4, 0, 2),
        network(2, 3 * decoder_takes_them, 4),
        network(2, 4 * discriminator_takes_them, 1),
        prior=kerasgan.priors.NormalMixture.ring(3),
    )


MAKE = {
    "points": lambda: kerasgan.GAN(
        kerasgan.networks.mlp((3,), [8], (2,)), kerasgan.networks.mlp((2,), [8], (1,))
    ),
    "labels_for_both": lambda: labeled(True, True),
    "labels_for_the_prior": lambda: labeled(False, True),
    "labels_for_the_decoder": lambda: labeled(True, False),
}


@pytest.mark.parametrize("name", MAKE)
def test_calls_at_the_same_time_draw_what_they_draw_alone(name, tmp_path):
    keras.utils.set_random_seed(0)
    MAKE[name]().export(tmp_path / "model", verbose=False)
    sampler = Sampler(tmp_path / "model", sum(COUNTS), batch_wait=60, waiting=1)
    given = {} if sampler.condition is None else {"condition": [1]}
    assert sampler.batches_generate
    with ThreadPoolExecutor(len(COUNTS)) as threads:
        drawn = [
            threads.submit(sampler.generate, count, seed, **given)
            for seed, count in enumerate(COUNTS)
        ]
    for seed, (count, future) in enumerate(zip(COUNTS, drawn, strict=True)):
        samples, together = future.result()
        assert together == sum(COUNTS)
        alone = sampler.generate_alone(count, seed, **given)
        assert samples.shape[0] == count
        np.testing.assert_allclose(samples, alone, rtol=1e-5, atol=1e-5)


def test_two_samplers_of_a_process_have_a_queue_each(points):
    patient, hasty = (Sampler(points, 4, batch_wait=wait, waiting=1) for wait in (60, 0))
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(patient.generate, 1, 0)
        start = time.monotonic()
        _, together = hasty.generate(3, 0)
        assert together == 3
        assert time.monotonic() - start < 30
        _, together = patient.generate(3, 0)
    assert together == waiting.result()[1] == 4


def test_noise_of_the_generator_is_drawn_for_each_request_alone(noisy_points):
    generate = tf.saved_model.load(str(noisy_points)).signatures["generate"]
    expected = generate(count=tf.constant(4), seed=tf.constant(7, tf.int64))["samples"].numpy()
    assert len(np.unique(expected, axis=0)) == 4
    with RunningServer(noisy_points, python=PYTHON) as server:
        body = {"count": 4, "seed": 7}
        answers = [post(f"{server.url}/generate", body) for _ in range(2)]
        said = server.said()
        refused = post(f"{server.url}/generate", {**body, "condition": [1]})
        no_images = post(f"{server.url}/generate", body, Accept="image/png")
    assert "has no signature `sample_latent`" in said
    for status, headers, answer in answers:
        assert (status, headers["X-Computed-Together"]) == (200, "4")
        np.testing.assert_allclose(json.loads(answer)["samples"], expected, rtol=1e-5, atol=1e-5)
    assert (refused[0], b"not permitted" in refused[2]) == (400, True)
    assert (no_images[0], b"not images" in no_images[2]) == (406, True)
