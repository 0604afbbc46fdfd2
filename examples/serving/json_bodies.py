"""Limits on the bodies of requests, which the server itself has not."""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Every body may take so much memory, as the server's own buffer of each connection does.
FREE = 2**16


class JSONBodies:
    """Hands a request on when its whole body is there: JSON, of a bounded size, in a bounded time.

    What is refused by its headers is not read. Else the bytes that come are counted, whatever the headers
    say. Until it is whole a body takes no place among the requests that the application works on, and the
    answer is sent when the application is done: slow clients keep nobody else from being served.

    Args:
        app: The application behind.
        most: The most bytes of a body.
        seconds: For how long a body may take to come.
        together: The most bytes of all bodies that are in memory, but for the first 64 KiB of each.
    """

    def __init__(self, app: ASGIApp, most: int, seconds: float, together: int) -> None:
        self.app = app
        self.most = most
        self.seconds = seconds
        self.together = together
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request, or hands it on."""
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
        """Returns what is wrong with the headers of a request, if something is."""
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
        """Returns the answer to a body of too many bytes."""
        return _error(413, f"a body of {length} bytes; the limit is {self.most}")

    def hold(self, size: int) -> bool:
        """Takes memory for a body, if there is enough."""
        if self._held + size > self.together:
            return False
        self._held += size
        return True

    def give_back(self, size: int) -> None:
        """Gives back the memory of a body."""
        self._held -= size


class _Body:
    """A body that comes piece by piece."""

    def __init__(self, limits: JSONBodies) -> None:
        self.limits = limits
        self.data = bytearray()
        self.is_whole = False
        self._held = 0

    async def read(self, receive: Receive) -> JSONResponse | None:
        """Reads the body, and returns what is wrong with it, if something is."""
        try:
            return await asyncio.wait_for(self._read(receive), self.limits.seconds)
        except asyncio.TimeoutError:
            return _error(408, f"the body was not there after {self.limits.seconds} seconds")

    async def _read(self, receive: Receive) -> JSONResponse | None:
        while True:
            message = await receive()
            if message["type"] != "http.request":  # the client has gone
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
        """Gives the memory back."""
        self.limits.give_back(self._held)
        self._held = 0


def _error(status: int, reason: str) -> JSONResponse:
    # The rest of the connection would be the body that nobody reads.
    return JSONResponse({"error": reason}, status, headers={"Connection": "close"})
