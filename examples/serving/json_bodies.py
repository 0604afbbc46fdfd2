"""Limits on the bodies of requests. The server itself has none."""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Every body may take this many bytes without counting, like the server's buffer for each connection.
FREE = 2**16


class JSONBodies:
    """Passes a request on when its whole body has arrived: JSON of a limited size, in a limited time.

    If the headers of a request are refused, its body is not read. Otherwise the bytes that arrive are
    counted, whatever the headers say. An incomplete body takes no place among the requests that the
    application works on. The answer is sent when the application is done. So slow clients do not delay
    others.

    Args:
        app: The application that gets the requests.
        most: The largest number of bytes of a body.
        seconds: The longest time in which a body may arrive.
        together: The largest number of bytes of all bodies in memory, without the first 64 KiB of each.
    """

    def __init__(self, app: ASGIApp, most: int, seconds: float, together: int) -> None:
        self.app = app
        self.most = most
        self.seconds = seconds
        self.together = together
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request with an error, or passes it on."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self.app(scope, receive, send)
            return
        body = _Body(self)
        try:
            answer = self.refusal(scope) or await body.read(receive)
            if answer is not None:
                await answer(scope, receive, send)
            elif body.is_whole:
                await self._hand_on(bytes(body.data), scope, receive, send)
        finally:
            body.release()

    async def _hand_on(self, body: bytes, scope: Scope, receive: Receive, send: Send) -> None:
        requests: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
        answers: list[Message] = []

        async def received() -> Message:
            return requests.pop() if requests else await receive()

        async def answered(message: Message) -> None:
            answers.append(message)

        await self.app(scope, received, answered)
        for message in answers:
            await send(message)

    def refusal(self, scope: Scope) -> JSONResponse | None:
        """Returns an error if something is wrong with the headers of a request."""
        headers = Headers(scope=scope)
        kind = headers.get("content-type", "").split(";")[0].strip().lower()
        length = headers.get("content-length")
        if kind != "application/json":
            return _error(415, f"Content-Type must be application/json, not '{kind[:100]}'")
        if length is None:
            return _error(411, "Content-Length is missing")
        if "transfer-encoding" in headers:
            return _error(400, "Content-Length and Transfer-Encoding exclude each other")
        if not length.isdecimal() or not length.isascii():
            return _error(400, "Content-Length is no number")
        if len(length) > 15 or int(length) > self.most:
            return self.too_large(length[:15])
        return None

    def too_large(self, length: str) -> JSONResponse:
        """Returns the error for a body with too many bytes."""
        return _error(413, f"a body of {length} bytes; the limit is {self.most}")

    def hold(self, size: int) -> bool:
        """Reserves memory for a body. Returns whether there is enough."""
        if self._held + size > self.together:
            return False
        self._held += size
        return True

    def give_back(self, size: int) -> None:
        """Releases the memory of a body."""
        self._held -= size


class _Body:
    """A body that arrives piece by piece."""

    def __init__(self, limits: JSONBodies) -> None:
        self.limits = limits
        self.data = bytearray()
        self.is_whole = False
        self._held = 0

    async def read(self, receive: Receive) -> JSONResponse | None:
        """Reads the body. Returns an error if something is wrong with it."""
        try:
            return await asyncio.wait_for(self._read(receive), self.limits.seconds)
        except asyncio.TimeoutError:
            return _error(408, f"the body was not there after {self.limits.seconds} seconds")

    async def _read(self, receive: Receive) -> JSONResponse | None:
        while True:
            message = await receive()
            if message["type"] != "http.request":  # the client has disconnected
                return None
            self.data += message.get("body", b"")
            if len(self.data) > self.limits.most:
                return self.limits.too_large(f"{len(self.data)} or more")
            more = max(0, len(self.data) - FREE) - self._held
            if not self.limits.hold(more):
                return _error(429, "Too many large requests")
            self._held += more
            if not message.get("more_body", False):
                self.is_whole = True
                return None

    def release(self) -> None:
        """Releases the memory."""
        self.limits.give_back(self._held)
        self._held = 0


def _error(status: int, reason: str) -> JSONResponse:
    # The unread body would otherwise be taken for the next request of the connection.
    return JSONResponse({"error": reason}, status, headers={"Connection": "close"})
