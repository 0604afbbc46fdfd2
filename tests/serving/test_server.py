"""A served model gives the SavedModel's samples, says what is wrong with a request, and survives it."""

import asyncio
import http.client
import io
import json
import random
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from asking import get, post
from load_test import Tally, load, requests_of
from PIL import Image
from running_server import SERVER, _free_port
from sampler import Sampler

pytestmark = pytest.mark.cpu(
    "answers of servers are compared byte by byte over batches of different sizes, for which a GPU has "
    "different kernels"
)

LATENT = [0.1 * number for number in range(16)]
GOOD = {"count": 3, "seed": 5, "condition": [7]}
GENERATE, DECODE = "/generate", "/decode"


@pytest.fixture(scope="module")
def exported(digits):
    return tf.saved_model.load(str(digits[2])).signatures


def samples_of(answer):
    status, _, body = answer
    assert status == 200, body
    return np.array(json.loads(body)["samples"])


def test_seeds_give_the_samples_of_the_exported_model_and_of_the_model(server, exported, digits):
    gan, data, _ = digits
    for count, seed, condition in ((1, 0, [0]), (5, 2**32 - 1, [9]), (3, 7, [1, 2, 3])):
        body = {"count": count, "seed": seed, "condition": condition}
        served = samples_of(post(server.url + GENERATE, body))
        expected = exported["generate"](
            count=tf.constant(count),
            seed=tf.constant(seed, tf.int64),
            condition=tf.constant(condition),
        )["samples"]
        np.testing.assert_array_equal(served, expected)
        # Rounded to gray levels on both sides, which a last bit may tip.
        condition = np.broadcast_to(condition, count)
        model = data.normalization.invert(gan.generate(count, condition=condition, seed=seed))
        assert np.abs(served - np.clip(np.round(model), 0, 255)).max() <= 1


def test_latent_samples_give_the_samples_of_the_exported_model(server, exported):
    body = {"latent": [LATENT, LATENT[::-1]], "condition": [3, 4]}
    expected = exported["serving_default"](
        latent=tf.constant(body["latent"]), condition=tf.constant(body["condition"])
    )["samples"]
    np.testing.assert_array_equal(samples_of(post(server.url + DECODE, body)), expected)


@pytest.mark.parametrize("count", [1, 7])
def test_pictures_hold_the_same_samples_in_rows(count, server, screenshots):
    body = {**GOOD, "count": count}
    status, headers, png = post(server.url + GENERATE, body, Accept="image/png")
    assert (status, headers["Content-Type"]) == (200, "image/png")
    (screenshots / f"served_{count}.png").write_bytes(png)
    samples = samples_of(post(server.url + GENERATE, body))
    pixels = np.asarray(Image.open(io.BytesIO(png)))
    columns, rows = {1: (1, 1), 7: (3, 3)}[count]
    assert pixels.shape == (9 * rows - 1, 9 * columns - 1)  # a line between images
    tiles = np.pad(pixels, ((0, 1), (0, 1))).reshape(rows, 9, columns, 9).swapaxes(1, 2)
    tiles = tiles.reshape(-1, 9, 9)
    np.testing.assert_array_equal(tiles[:count, :8, :8], samples[..., 0])
    assert not tiles[count:].any()


def without(name):
    return {key: value for key, value in GOOD.items() if key != name}


INVALID = [
    (GENERATE, {**GOOD, "count": 0}, "greater than or equal to 1"),
    (GENERATE, {**GOOD, "count": 65}, "less than or equal to 64"),
    (GENERATE, {**GOOD, "count": 2**70}, "less than or equal to 64"),
    (GENERATE, {**GOOD, "count": "3"}, "valid integer"),
    (GENERATE, {**GOOD, "count": True}, "valid integer"),
    (GENERATE, {**GOOD, "count": 1.5}, "valid integer"),
    (GENERATE, {**GOOD, "seed": -1}, "greater than or equal to 0"),
    (GENERATE, {**GOOD, "seed": 2**32}, "less than or equal to 4294967295"),
    (GENERATE, {**GOOD, "condition": [10]}, "less than 10"),
    (GENERATE, {**GOOD, "condition": [-1]}, "greater than or equal to 0"),
    (GENERATE, {**GOOD, "condition": [1, 2]}, "1 row, for all samples, or 3, not 2"),
    (GENERATE, {**GOOD, "condition": []}, "at least 1 item"),
    (GENERATE, {**GOOD, "condition": 7}, "valid array"),
    (GENERATE, without("condition"), "required"),
    (GENERATE, without("seed"), "required"),
    (GENERATE, {**GOOD, "color": 1}, "not permitted"),
    (GENERATE, [], "object"),
    (GENERATE, b"", "required"),
    (GENERATE, b"{", "Invalid JSON"),
    (GENERATE, b"\xff\xfe", "Invalid JSON"),
    (GENERATE, b"[" * 50_000, "Invalid JSON"),
    (DECODE, {"latent": [LATENT[1:]], "condition": [1]}, "at least 16 items"),
    (DECODE, {"latent": [[*LATENT, 0.0]], "condition": [1]}, "at most 16 items"),
    (DECODE, {"latent": LATENT, "condition": [1]}, "valid array"),
    (DECODE, {"latent": [], "condition": []}, "at least 1 item"),
    (DECODE, {"latent": [[0.0] * 16] * 65, "condition": [1] * 65}, "at most 64 items"),
    (DECODE, {"latent": [LATENT], "condition": [1, 2]}, "equally many rows, not 1 and 2"),
    (DECODE, {"latent": [[float("nan"), *LATENT[1:]]], "condition": [1]}, "finite"),
    (DECODE, {"latent": [[float("inf"), *LATENT[1:]]], "condition": [1]}, "finite"),
    (DECODE, b'{"latent": [[1e999' + b", 0" * 15 + b']], "condition": [1]}', "finite"),
    (DECODE, {"latent": [["0", *LATENT[1:]]], "condition": [1]}, "valid number"),
    (DECODE, {"latent": [[None, *LATENT[1:]]], "condition": [1]}, "valid number"),
    (DECODE, {"latent": [LATENT]}, "required"),
]


@pytest.mark.parametrize(("path", "body", "reason"), INVALID)
def test_what_is_not_valid_gets_the_reason(path, body, reason, server):
    status, _, answer = post(server.url + path, body)
    assert status == 400
    assert reason in answer.decode()
    assert get(f"{server.url}/livez") == 200


@pytest.mark.parametrize(
    ("headers", "status", "reason"),
    [
        ({"Content-Length": "100001"}, 413, "the limit is 100000"),
        ({"Content-Length": str(2**40)}, 413, "the limit is 100000"),
        ({"Transfer-Encoding": "chunked"}, 411, "Content-Length"),
        ({"Content-Length": "2", "Content-Type": "text/plain"}, 415, "application/json"),
        ({"Content-Length": "2", "Content-Type": "multipart/form-data"}, 415, "application/json"),
        (
            {"Content-Length": "2", "Content-Type": "application/vnd.bentoml+pickle"},
            415,
            "application/json",
        ),
    ],
)
def test_bodies_that_are_too_large_or_no_json_are_not_read(headers, status, reason, server):
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=120)
    connection.putrequest("POST", GENERATE)
    for name, value in {"Content-Type": "application/json", **headers}.items():
        connection.putheader(name, value)
    connection.endheaders()  # and no body: the answer comes without one
    answer = connection.getresponse()
    assert answer.status == status
    assert reason in answer.read().decode()
    connection.close()
    assert get(f"{server.url}/livez") == 200


def test_other_paths_and_methods(server):
    assert get(f"{server.url}/nothing") == 404
    assert get(f"{server.url}{GENERATE}") == 405
    assert get(f"{server.url}/livez") == 200
    assert get(f"{server.url}/readyz") == 200


def test_clients_at_once_get_the_right_answers(server, digits):
    requests = requests_of(Sampler(digits[2], 64, batch_wait=0, waiting=1), classes=10, seed=1)
    result = asyncio.run(load(server, requests, clients=8, seconds=2))
    assert result["requests"] >= 8
    assert result["failed"] == 0, result


def test_an_answer_with_other_samples_is_counted_as_wrong(digits):
    request = requests_of(Sampler(digits[2], 64, batch_wait=0, waiting=1), classes=10, seed=1)[0]
    good = request.samples.tolist()
    other = (request.samples // 2).tolist()
    assert request.is_right(200, json.dumps({"samples": good}).encode())
    assert not request.is_right(200, json.dumps({"samples": other}).encode())
    assert not request.is_right(200, json.dumps({"samples": good * 2}).encode())
    assert not request.is_right(400, b"")


def test_a_killed_server_loses_no_request_silently(server, digits):
    requests = requests_of(Sampler(digits[2], 64, batch_wait=0, waiting=1), classes=10, seed=2)
    first = server.process.pid
    result = asyncio.run(load(server, requests, clients=8, seconds=2, kill=True))
    assert server.process.pid != first
    # Eight clients asked without a pause, so that some were waiting when it died: they all learned of it.
    assert result["errors"]
    assert (result["wrong"], result["lost"]) == (0, 0), result
    assert result["requests"] >= 8


def test_programs_of_one_seed_start_their_servers_on_different_ports():
    ports = set()
    for _ in range(3):
        random.seed(0)
        ports.add(_free_port())
    assert len(ports) > 1  # among 12,000


def test_a_client_without_an_answer_is_counted_as_lost(monkeypatch):
    import load_test

    class Deaf:
        def post(self, *_, **__):
            raise asyncio.TimeoutError

    tally = Tally()
    request = load_test.Request("/generate", {}, np.zeros(1))
    asyncio.run(load_test.ask(Deaf(), request, tally))
    assert tally.lost == 1


@pytest.mark.parametrize("arguments", [["--help"], ["nowhere"]], ids=["help", "no model"])
def test_command_line(arguments, tmp_path):
    done = subprocess.run(
        [sys.executable, SERVER, *arguments], capture_output=True, text=True, cwd=tmp_path
    )
    if arguments == ["--help"]:
        assert done.returncode == 0
        assert "/readyz" in done.stdout
    else:
        assert done.returncode == 2
        assert "There is no SavedModel in 'nowhere'." in done.stderr
