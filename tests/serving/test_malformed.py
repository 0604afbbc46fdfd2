"""What no client should send gets a reason and costs little, and others are served meanwhile and after."""

import contextlib
import json
import random
import socket
import time
import urllib.request

import psutil
import pytest
from asking import PYTHON, get, post, sent
from running_server import RunningServer

MEBIBYTE = 2**20
GOOD = {"count": 2, "seed": 5, "condition": [7, 3]}
LATENT = {"latent": [[0.1] * 16] * 2, "condition": [3, 4]}
CONCURRENCY = 8
BODIES = 200


@pytest.fixture(scope="module")
def small(digits):
    """A server of the images that works on few requests at once, and waits for bodies for two seconds."""
    arguments = [f"--concurrency={CONCURRENCY}", "--body-timeout=2"]
    with RunningServer(digits[2], classes=10, arguments=arguments, python=PYTHON) as it:
        yield it


@pytest.fixture(scope="module")
def plain(points):
    """A server of points, which are no images."""
    with RunningServer(points, python=PYTHON) as it:
        yield it


def memory_of(server):
    return psutil.Process(server.process.pid).memory_info().rss / MEBIBYTE


def connected(server):
    host, port = server.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=60)


def head(path="/generate", **headers):
    headers = {"Host": "localhost", "Content-Type": "application/json", **headers}
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode()


def status_of(connection):
    """Returns the status of an answer, or `None` if the server has closed the connection."""
    with contextlib.suppress(ConnectionError):
        line = connection.makefile("rb").readline()
        return int(line.split()[1]) if line else None
    return None


def unfit(rng):
    """Yields bodies that are no request, each in another way."""
    good = rng.choice([GOOD, LATENT])
    text = json.dumps(good)
    huge = rng.choice(
        ["1e39", "-1e39", "1e999", "1" * 400, "1" * 5000, "NaN", "-Infinity", "1e-5x"]
    )
    odd = [None, True, -1, 10, 2**70, 1.5, "7", [], {}, [[]], "\ud800", "\0", "ä" * 1000, [[7]]]
    # Whatever structural character is lacking, the rest is no JSON.
    place = rng.choice([place for place, letter in enumerate(text) if letter in '{}[]":,'])
    yield text[:place].encode() + text[place + 1 :].encode()
    yield text[: rng.randrange(len(text))].encode()
    yield text.encode() + rng.choice([b"}", b"]", b"{}", b"\0", b",", text.encode()])
    yield rng.randbytes(rng.randrange(1, 5000))
    yield b'{"latent": [[%s' % huge.encode() + b", 0" * 15 + b']], "condition": [1]}'
    yield b'{"seed": %s, "condition": [1]}' % huge.encode()
    yield json.dumps({**good, rng.choice(list(good)): rng.choice(odd[3:])}).encode()
    yield json.dumps({key: value for key, value in good.items() if key != "condition"}).encode()
    yield json.dumps(rng.choice(odd)).encode()
    yield (rng.choice(["[", '{"latent": [', '{"a":']) * rng.randrange(1, 50_000)).encode()
    yield json.dumps(
        {**good, **{str(number): 0 for number in range(rng.randrange(9, 60_000))}}
    ).encode()
    yield json.dumps({**good, "x" * rng.randrange(1, MEBIBYTE // 2): 0}).encode()
    yield json.dumps({**good, "latent": [["x"] * rng.randrange(17, 200_000)]}).encode()
    yield json.dumps({**good, "latent": ["x"] * rng.randrange(65, 200_000)}).encode()
    yield json.dumps({**good, "condition": [rng.choice(odd[3:])] * 60_000}).encode()
    yield text.encode("utf-16")


def send_all(connection, *pieces):
    """Sends as much as the server takes."""
    with contextlib.suppress(ConnectionError):
        for piece in pieces:
            connection.sendall(piece)


def chunked(size):
    """Yields a body in chunks that never end."""
    for _ in range(size // MEBIBYTE):
        yield b"%x\r\n" % MEBIBYTE + b" " * MEBIBYTE + b"\r\n"


def test_malformed_bodies_get_reasons_and_leave_the_server_as_it_was(small):
    before = [
        post(small.url + path, body)[2] for path, body in (("/generate", GOOD), ("/decode", LATENT))
    ]
    rng = random.Random(0)
    bodies = []
    while len(bodies) < BODIES - 5:
        bodies += unfit(rng)
    bodies = bodies[: BODIES - 5]
    most = 0.0
    for number, body in enumerate(bodies):
        if number == len(bodies) // 4:  # the first ones load code, and warm allocators
            warm = memory_of(small)
        path = rng.choice(["/generate", "/decode"])
        status, _, answer = post(small.url + path, body)
        assert 400 <= status < 500, (path, body[:200], status, answer[:200])
        assert len(answer) < 20_000, (path, body[:200], len(answer))
        most = max(most, memory_of(small))
    # Bodies that the headers lie about: more than they say, less than they say, chunks without an end.
    for headers, pieces, statuses in (
        ({"Content_Length": 2, "Transfer_Encoding": "chunked"}, chunked(300 * MEBIBYTE), {400}),
        ({"Transfer_Encoding": "chunked"}, chunked(300 * MEBIBYTE), {411}),
        ({"Content_Length": 2 * MEBIBYTE}, [b" " * 2 * MEBIBYTE], {413}),
        ({"Content_Length": 2}, [b"{}" + b" " * 1000], {400}),
        ({"Content_Length": 1000}, [b"{}"], {408}),
    ):
        with connected(small) as connection:
            send_all(connection, head(**headers), *pieces)
            # Who goes on sending may meet a closed connection before the answer.
            assert status_of(connection) in {*statuses, None}
        most = max(most, memory_of(small))
    assert most - warm < 64, (warm, most)
    assert [
        post(small.url + path, body)[2] for path, body in (("/generate", GOOD), ("/decode", LATENT))
    ] == before
    assert "Traceback" not in small.said()


def test_sockets_without_a_body_keep_nobody_from_being_served(small):
    with contextlib.ExitStack() as stack:
        waiting = [stack.enter_context(connected(small)) for _ in range(4 * CONCURRENCY)]
        for connection in waiting:
            connection.sendall(head(Content_Length=1000) + b'{"count": ')
        start = time.monotonic()
        assert post(f"{small.url}/generate", GOOD)[0] == 200
        assert time.monotonic() - start < 2
        assert [status_of(connection) for connection in waiting] == [408] * len(waiting)


def test_a_server_that_is_told_to_stop_waits_for_no_body_for_long(digits):
    arguments = ["--body-timeout=2"]
    with RunningServer(digits[2], classes=10, arguments=arguments, python=PYTHON) as server:
        answers = [sent(server, "/generate", {**GOOD, "seed": seed}) for seed in range(8)]
        with connected(server) as half:
            half.sendall(head(Content_Length=1000) + b"{")
            get(f"{server.url}/livez")  # connections are taken in their order
            start = time.monotonic()
            server.process.terminate()
            assert [connection.getresponse().status for connection in answers] == [200] * 8
            assert server.process.wait(timeout=60) is not None
            assert time.monotonic() - start < 10  # not the 30 of a request
            assert status_of(half) in (408, None)
        for connection in answers:
            connection.close()


def test_a_mebibyte_of_unknown_fields_costs_little_and_gets_a_short_answer(small):
    fields = {str(number): 0 for number in range(85_000)}
    body = json.dumps({**GOOD, **fields}).encode()
    assert 0.9 < len(body) / MEBIBYTE < 1
    before = small.cpu_seconds()
    for _ in range(5):
        status, _, answer = post(f"{small.url}/generate", body)
        assert status == 400
        assert b"unknown fields are not permitted" in answer
        assert len(answer) < 1000
    # It was .85 s of the one thread that serves everybody, each.
    assert (small.cpu_seconds() - before) / 5 < 0.4


def test_few_unknown_fields_are_named(small):
    status, _, answer = post(f"{small.url}/generate", {**GOOD, "color": 1, "hue": 2})
    assert status == 400
    assert [item["loc"] for item in json.loads(answer)["detail"]] == [["color"], ["hue"]]


@pytest.mark.parametrize("number", [1e39, -1e39, 3.5e38])
def test_numbers_that_are_too_large_for_the_model_are_refused(number, plain):
    status, _, answer = post(f"{plain.url}/decode", {"latent": [[number, 0, 0]]})
    assert status == 400
    assert b"than or equal to" in answer


def test_samples_that_are_not_finite_are_no_answer(plain):
    status, _, answer = post(f"{plain.url}/decode", {"latent": [[3e38, -3e38, 3e38]] * 2})
    assert status == 422
    assert b"not finite" in answer
    assert post(f"{plain.url}/decode", {"latent": [[0, 1, 2]]})[0] == 200


def test_the_page_is_ours_and_loads_nothing(small, plain):
    for server, shown in (
        (small, ["labels from 0 to 9", "(16,)", "Accept: image/png"]),
        (plain, ["(3,)"]),
    ):
        with urllib.request.urlopen(server.url) as answer:
            page = answer.read().decode()
            policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        for word in ("<script", "<link", "<img", "<iframe", "src=", "bento"):
            assert word not in page.lower()
        urls = {part.split("'")[0].split("<")[0] for part in page.split("http://")[1:]}
        assert {url.split("/")[0] for url in urls} == {server.url.removeprefix("http://")}
        assert "https:" not in page
        assert all(text in page for text in shown)
    for path in ("/assets/bentoml-ui.umd.js", "/static_content/index.js", "/docs.json"):
        assert get(small.url + path) == 404
    assert get(f"{small.url}/schema.json") == 200


def test_the_commands_of_the_page_are_requests(small, plain):
    for server in (small, plain):
        with urllib.request.urlopen(server.url) as answer:
            page = answer.read().decode()
        commands = [text.split("</pre>")[0] for text in page.split("<pre>")[1:]]
        assert len(commands) == 3
        for command in commands:
            url = command.split("'")[1]
            body = json.loads(command.split("-d '")[1].split("'")[0])
            assert post(url, body)[0] == 200


@pytest.mark.parametrize(
    "argument",
    [
        "--port=99999",
        "--port=0",
        "--port=http",
        "--classes=0",
        "--batch-wait=nan",
        "--batch-wait=inf",
        "--batch-wait=-1",
        f"--batch-size={10**30}",
        "--timeout=0",
        "--body-timeout=x",
        "--max-body=-5",
    ],
)
def test_arguments_that_are_out_of_range(argument, capsys):
    from server import command_line

    with pytest.raises(SystemExit) as ended:
        command_line().parse_args(["model", argument])
    assert ended.value.code == 2
    assert f"argument {argument.split('=')[0]}: " in capsys.readouterr().err
