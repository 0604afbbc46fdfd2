"""Concurrent latent samples are computed together, and a server that is told to stop answers first."""

import json

import numpy as np
import pytest
import tensorflow as tf
from asking import PYTHON, get, post, sent
from running_server import RunningServer

# A batch is computed when it is full, or after so many seconds: tests fill it, or let it wait.
SIZE, WAIT = 64, 10
CONCURRENCY = 9


@pytest.fixture(scope="module")
def server(points):
    arguments = [
        f"--batch-size={SIZE}",
        f"--batch-wait={WAIT * 1000}",
        f"--concurrency={CONCURRENCY}",
    ]
    with RunningServer(points, arguments=arguments, python=PYTHON) as it:
        yield it


def answer_of(connection):
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.status == 200, body
    return np.array(json.loads(body)["samples"]), int(answer.headers["X-Computed-Together"])


def test_requests_are_computed_together_and_get_their_own_samples(server, points):
    latent = np.random.default_rng(0).normal(size=(8, SIZE // 8, 3)).round(3)
    connections = [sent(server, "/decode", {"latent": rows.tolist()}) for rows in latent]
    serve = tf.saved_model.load(str(points)).signatures["serving_default"]
    for rows, connection in zip(latent, connections, strict=True):
        samples, together = answer_of(connection)
        assert together == SIZE
        alone = serve(latent=tf.constant(rows, tf.float32))["samples"]
        np.testing.assert_allclose(samples, alone, rtol=1e-6, atol=1e-6)


def test_seeds_do_not_depend_on_who_else_asks(server):
    body = {"count": 4, "seed": 1}
    _, _, alone = post(f"{server.url}/generate", body)
    connections = [sent(server, "/generate", {**body, "seed": seed}) for seed in range(8)]
    answers = [connection.getresponse().read() for connection in connections]
    for connection in connections:
        connection.close()
    assert answers[1] == alone
    assert len(set(answers)) == 8


def test_a_model_without_conditions_or_images_says_so(server):
    status, _, body = post(f"{server.url}/generate", {"count": 1, "seed": 0, "condition": [1]})
    assert (status, b"not permitted" in body) == (400, True)
    status, _, body = post(f"{server.url}/generate", {"seed": 0}, Accept="image/png")
    assert (status, b"no images" in body) == (406, True)


def test_more_requests_than_allowed_are_refused_and_a_stopped_server_answers_the_others(server):
    """The last test of this server, which ends here."""
    waiting = [sent(server, "/decode", {"latent": [[0, 0, 0]]}) for _ in range(CONCURRENCY)]
    # Connections are taken in their order: once later ones are answered, those before are at work.
    for path in ("/livez", "/readyz", "/livez"):
        assert get(server.url + path) == 200
    status, _, body = post(f"{server.url}/generate", {"seed": 0})
    assert (status, b"Too many requests" in body) == (429, True)

    server.process.terminate()
    answers = [answer_of(connection) for connection in waiting]
    assert [together for _, together in answers] == [CONCURRENCY] * CONCURRENCY
    server.process.wait(timeout=60)
    with pytest.raises(OSError, match="refused"):
        get(f"{server.url}/livez")
