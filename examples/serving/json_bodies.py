"""A limit on the bodies of requests, which the server itself has not."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class JSONBodies:
    """Lets only JSON of a known and bounded size through; it reads nothing of what it refuses.

    Args:
        app: The application behind.
        most: The most bytes of a body.
    """

    def __init__(self, app: ASGIApp, most: int) -> None:
        self.app = app
        self.most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request, or hands it on."""
        refused = self.refusal(scope) if scope["type"] == "http" else None
        await (refused or self.app)(scope, receive, send)

    def refusal(self, scope: Scope) -> JSONResponse | None:
        """Returns what is wrong with a request, if something is."""
        if scope["method"] != "POST":
            return None
        headers = Headers(scope=scope)
        kind = headers.get("content-type", "").split(";")[0].strip().lower()
        length = headers.get("content-length")
        if kind != "application/json":
            return _error(415, f"Content-Type must be application/json, not '{kind}'")
        if length is None:
            return _error(411, "Content-Length is missing")
        if int(length) > self.most:
            return _error(413, f"a body of {length} bytes; the limit is {self.most}")
        return None


def _error(status: int, reason: str) -> JSONResponse:
    # The rest of the connection would be the body that nobody reads.
    return JSONResponse({"error": reason}, status, headers={"Connection": "close"})
