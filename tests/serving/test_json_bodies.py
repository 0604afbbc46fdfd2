"""Bodies are counted as they come, have to come in time, and keep nobody else from being served."""

import asyncio

import pytest
from json_bodies import FREE, JSONBodies

HEADERS = {"content-type": "application/json", "content-length": "2"}


def scope(**headers):
    headers = {**HEADERS, **{name.replace("_", "-"): value for name, value in headers.items()}}
    raw = [(name.encode(), value.encode()) for name, value in headers.items() if value is not None]
    return {"type": "http", "method": "POST", "path": "/", "headers": raw}


class Application:
    """Answers with the size of the body, and counts requests that are at work."""

    def __init__(self):
        self.at_work = 0

    async def __call__(self, scope, receive, send):
        self.at_work += 1
        message = await receive()
        assert not message["more_body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(len(message["body"])).encode()})
        self.at_work -= 1


class Client:
    """Sends a body in pieces, then nothing; an exception among them is what the server would see."""

    def __init__(self, *pieces, ends=True, **headers):
        self.pieces = list(pieces)
        self.ends = ends
        self.scope = scope(**headers)
        self.answer = b""
        self.status = None
        self.taken = 0
        self.may_take = asyncio.Event()
        self.may_take.set()

    async def receive(self):
        if not self.pieces:
            if self.ends is None:
                return {"type": "http.disconnect"}
            await asyncio.sleep(60)
        self.taken += 1
        body = self.pieces.pop(0)
        more = bool(self.pieces) or self.ends is not True
        return {"type": "http.request", "body": body, "more_body": more}

    async def send(self, message):
        await self.may_take.wait()
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            self.answer += message["body"]

    async def ask(self, limits):
        await limits(self.scope, self.receive, self.send)
        return self.status


def limits(most=10, seconds=5.0, together=10**9):
    return JSONBodies(Application(), most, seconds, together)


def ask(limits, *pieces, **client):
    async def asked():
        it = Client(*pieces, **client)
        await it.ask(limits)
        return it

    return asyncio.run(asked())


def test_the_application_gets_the_whole_body():
    client = ask(limits(), b"123", b"", b"4567")
    assert (client.status, client.answer) == (200, b"7")


@pytest.mark.parametrize("length", ["2", "10"])
def test_what_comes_is_counted_whatever_the_headers_say(length):
    client = ask(limits(), *[b"12345"] * 100, content_length=length)
    assert client.status == 413
    assert client.taken == 3  # and no more is read


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content_length": None}, 411),
        ({"content_length": "11"}, 413),
        ({"content_length": "9" * 5000}, 413),
        ({"content_length": "-1"}, 400),
        ({"content_length": "two"}, 400),
        ({"content_length": "²"}, 400),
        ({"transfer_encoding": "chunked"}, 400),
        ({"content_type": "text/plain"}, 415),
        ({"content_type": None}, 415),
    ],
)
def test_what_is_refused_by_its_headers_is_not_read(headers, status):
    client = ask(limits(), b"12", **headers)
    assert client.status == status
    assert client.taken == 0
    assert len(client.answer) < 200


def test_a_body_that_does_not_come_in_time_is_given_up():
    client = ask(limits(seconds=0.1), b"1", ends=False)
    assert client.status == 408


def test_of_a_client_that_has_gone_nothing_is_left():
    server = limits(most=10 * FREE)
    client = ask(server, b"1" * 5 * FREE, ends=None)
    assert client.status is None
    assert server._held == 0


def test_bodies_that_wait_take_no_place_in_the_application():
    async def asked():
        server = limits()
        waiting = [Client(b"1", ends=False) for _ in range(100)]
        tasks = [asyncio.ensure_future(client.ask(server)) for client in waiting]
        await asyncio.sleep(0.05)
        assert server.app.at_work == 0
        assert await Client(b"12").ask(server) == 200
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(asked())


def test_answers_that_nobody_reads_take_no_place_in_the_application():
    async def asked():
        server = limits()
        slow = Client(b"12")
        slow.may_take.clear()
        task = asyncio.ensure_future(slow.ask(server))
        await asyncio.sleep(0.05)
        assert server.app.at_work == 0
        slow.may_take.set()
        assert await task == 200

    asyncio.run(asked())


def test_large_bodies_share_memory_and_small_ones_are_always_taken():
    async def asked():
        server = limits(most=10 * FREE, together=12 * FREE)
        large = b"1" * 8 * FREE
        waiting = Client(large, ends=False)
        task = asyncio.ensure_future(waiting.ask(server))
        await asyncio.sleep(0.05)
        assert server._held == 7 * FREE
        assert await Client(large).ask(server) == 429
        assert await Client(b"1" * FREE).ask(server) == 200
        assert server._held == 7 * FREE
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert server._held == 0
        assert await Client(large).ask(server) == 200
        assert server._held == 0

    asyncio.run(asked())


def test_other_requests_pass():
    async def asked():
        seen = []

        async def application(scope, receive, send):
            seen.append(scope["type"])

        server = JSONBodies(application, 10, 5.0, 10)
        await server({"type": "lifespan"}, None, None)
        await server({"type": "http", "method": "GET", "headers": []}, None, None)
        assert seen == ["lifespan", "http"]

    asyncio.run(asked())
