"""Concurrent requests are computed together, and a server that is told to stop answers first."""

import itertools
import json

import numpy as np
import pytest
from asking import PYTHON, get, post, sent
from running_server import RunningServer

pytestmark = pytest.mark.cpu(
    "answers of servers are compared byte by byte over batches of different sizes, for which a GPU has "
    "different kernels"
)

# A batch is computed when it is full, or after so many seconds: tests fill it, or let it wait.
SIZE, WAIT = 64, 10
COUNTS = (1, 3, 4, 8, 16, 2, 20, 10)
CONCURRENCY = len(COUNTS) + 1


@pytest.fixture(scope="module")
def patient(digits):
    """A server of the images whose batches wait."""
    arguments = [
        f"--batch-size={SIZE}",
        f"--batch-wait={WAIT * 1000}",
        f"--concurrency={CONCURRENCY}",
    ]
    with RunningServer(digits[2], classes=10, arguments=arguments, python=PYTHON) as it:
        yield it


@pytest.fixture(scope="module")
def bodies(digits):
    """Requests of as many samples as fill a batch, whose gray levels do not hang on the last bits of float32.

    Those move where a product has more rows, by 1e-6 of 255 levels at the most; a level that close to a half
    could be rounded to either side.
    """
    gan, data, _ = digits

    def body(count, start):
        for seed in itertools.count(start):
            condition = [seed % 10]
            levels = data.normalization.invert(
                gan.generate(count, np.array(condition * count), seed)
            )
            if np.abs(levels % 1 - 0.5).min() > 255e-6:
                return {"count": count, "seed": seed, "condition": condition}

    return [body(count, start=1000 * count) for count in COUNTS]


def answer_of(connection):
    """Returns the body of an answer, and how many rows were computed together for it."""
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.status == 200, body
    return body, int(answer.headers["X-Computed-Together"])


def samples_of(body):
    return np.array(json.loads(body)["samples"])


@pytest.mark.parametrize("accept", ["application/json", "image/png"])
def test_concurrent_requests_share_a_pass_and_get_what_they_get_alone(
    accept, bodies, patient, server
):
    connections = [sent(patient, "/generate", body, Accept=accept) for body in bodies]
    shared = [answer_of(connection) for connection in connections]
    # Were one of them computed without the others, fewer rows would have been together.
    assert [together for _, together in shared] == [sum(COUNTS)] * len(COUNTS)
    for body, (together, _) in zip(bodies, shared, strict=True):
        alone, rows = answer_of(sent(server, "/generate", body, Accept=accept))
        assert rows == body["count"]
        assert together == alone


def test_latent_samples_share_a_pass_with_seeds(bodies, patient, server):
    latent = np.random.default_rng(0).normal(size=(SIZE // 2, 16)).round(3)
    given = {"latent": latent.tolist(), "condition": [3] * len(latent)}
    asked = [body for body in bodies if body["count"] in (20, 8, 4)]
    connections = [sent(patient, "/decode", given)]
    connections += [sent(patient, "/generate", body) for body in asked]
    (decoded, together), *generated = [answer_of(connection) for connection in connections]
    assert {together, *(rows for _, rows in generated)} == {SIZE}
    expected, _ = answer_of(sent(server, "/decode", given))
    assert np.abs(samples_of(decoded) - samples_of(expected)).max() <= 1  # as said above
    for body, (answer, _) in zip(asked, generated, strict=True):
        assert answer == answer_of(sent(server, "/generate", body))[0]


def test_more_requests_than_allowed_are_refused_and_a_stopped_server_answers_the_others(patient):
    """The last test of this server, which ends here."""
    given = {"latent": [[0.0] * 16], "condition": [1]}
    asked = {"count": 1, "seed": 0, "condition": [1]}
    waiting = [sent(patient, "/decode", given)]
    waiting += [sent(patient, "/generate", asked) for _ in range(CONCURRENCY - 1)]
    # Connections are taken in their order: once later ones are answered, those before are at work.
    for path in ("/livez", "/readyz", "/livez"):
        assert get(patient.url + path) == 200
    status, _, body = post(f"{patient.url}/generate", asked)
    assert (status, b"Too many requests" in body) == (429, True)

    patient.process.terminate()
    answers = [answer_of(connection) for connection in waiting]
    assert [together for _, together in answers] == [CONCURRENCY] * CONCURRENCY
    patient.process.wait(timeout=60)
    with pytest.raises(OSError, match="refused"):
        get(f"{patient.url}/livez")


def test_a_request_that_waits_for_too_long_is_answered_with_that(points):
    arguments = [f"--batch-size={SIZE}", "--batch-wait=60000", "--timeout=3"]
    with RunningServer(points, arguments=arguments, python=PYTHON) as server:
        status, _, _ = post(f"{server.url}/generate", {"count": 1, "seed": 0})
        assert status == 504
        # A batch that is full does not wait; of what was given up, a row is still in it.
        status, headers, _ = post(f"{server.url}/generate", {"count": SIZE - 1, "seed": 0})
        assert (status, headers["X-Computed-Together"]) == (200, str(SIZE))
