"""Serves an exported generator over HTTP: samples as PNG and as JSON.

You need `pip install "kerasgan[serve]"` and a SavedModel that `model.export` wrote. For PNG, export it with
`normalization`. The server needs neither Keras nor kerasgan. `docs/serving.md` tells you how to train and
export a model.

    POST /generate   {"count": 4, "seed": 0, "condition": [7]}      samples drawn from a seed
    POST /decode     {"latent": [[...], ...], "condition": [7, ...]}  a sample for each latent sample
    GET /livez       200 while the process lives
    GET /readyz      200 once the model is loaded
    GET /            a page that tells how to use the server; /schema.json has what the model takes

An answer is {"samples": [...]}. With the header `Accept: image/png`, it is a picture of the samples side by
side. An invalid request gets a status from 400 to 499 and the reason. If there are more requests at once than
`--concurrency`, the others get 429. On SIGTERM or Ctrl+C, the server answers the requests that it has
accepted, then it ends.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from http import HTTPStatus
from pathlib import Path
from typing import Any

# BentoML reads this at import. Without it, BentoML reports usage data.
os.environ.setdefault("BENTOML_DO_NOT_TRACK", "True")

import numpy as np
from serve_extra import serve_extra

with serve_extra():
    import bentoml
    import pydantic
    import uvicorn
    from bentoml.exceptions import BentoMLException
    from images import png
    from json_bodies import JSONBodies
    from page import page
    from request_models import Answer, decode_request, generate_request
    from sampler import Sampler
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse, Response
    from starlette.types import ASGIApp

# The number of calls that compute, or wait to be computed together, at the same time.
THREADS = 16
# BentoML's own page, which loads code from other servers.
FOREIGN = {"index", "assets", "static_content", "openapi-spec"}


def application(sampler: Sampler, options: argparse.Namespace) -> ASGIApp:
    """Returns the server of a model, with limits on requests."""
    app: Starlette = service(sampler, options).to_asgi()
    app.router.routes[:] = [
        route for route in app.router.routes if getattr(route, "name", None) not in FOREIGN
    ]

    async def index(request: Request) -> Response:
        url = str(request.base_url)
        return page(sampler, options.model.name, url, options.max_count, options.classes)

    app.add_route("/", index)
    together = options.concurrency * options.max_body
    return JSONBodies(app, options.max_body, options.body_timeout, together)


def service(sampler: Sampler, options: argparse.Namespace) -> bentoml.Service[Any]:
    """Returns the server of a model."""
    limits = {"count": options.max_count, "classes": options.classes}

    class Samples:
        @bentoml.api(input_spec=generate_request(sampler.condition, **limits), output_spec=Answer)
        def generate(self, ctx: bentoml.Context, **asked: Any) -> Response:
            return answer(*sampler.generate(**asked), ctx)

        @bentoml.api(
            input_spec=decode_request(sampler.latent, sampler.decoded_condition, **limits),
            output_spec=Answer,
        )
        def decode(self, ctx: bentoml.Context, **asked: Any) -> Response:
            return answer(*sampler.decode(**asked), ctx)

    return bentoml.service(
        threads=THREADS,
        traffic={"max_concurrency": options.concurrency, "timeout": options.timeout},
        logging={"access": {"enabled": False}},
        metrics={"enabled": False},
    )(Samples)


def answer(samples: np.ndarray, together: int, context: bentoml.Context) -> Response:
    """Returns samples in the requested form. A header tells how many were computed together."""
    if not np.isfinite(samples).all():
        raise BentoMLException(
            "this request leads to samples that are not finite",
            error_code=HTTPStatus.UNPROCESSABLE_ENTITY,
        )
    headers = {"X-Computed-Together": str(together)}
    if "image/png" not in context.request.headers.get("accept", ""):
        return JSONResponse({"samples": samples.tolist()}, headers=headers)
    if samples.dtype != np.uint8 or samples.ndim != 4 or samples.shape[-1] not in (1, 3):
        raise BentoMLException(
            "these samples are not images: export the model with the normalization of the data",
            error_code=HTTPStatus.NOT_ACCEPTABLE,
        )
    return Response(png(samples), media_type="image/png", headers=headers)


def is_news(record: logging.LogRecord) -> bool:
    """Tells whether a line should be logged. Invalid requests are not logged."""
    error = record.exc_info[1] if record.exc_info else None
    refused = isinstance(error, BentoMLException) and error.error_code < 500
    return not (refused or isinstance(error, pydantic.ValidationError))


def command_line() -> argparse.ArgumentParser:
    """Returns the parser of the arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("model", type=Path, help="folder of the SavedModel")
    add("--classes", type=positive, help="number of classes, if the model takes labels")
    add("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    add("--port", type=port, default=8000, help="port to listen on (default: 8000)")
    add("--max-count", type=positive, default=64, help="most samples of one request (default: 64)")
    add(
        "--max-body",
        type=positive,
        default=2**20,
        help="most bytes of one request (default: 1 MiB)",
    )
    add("--concurrency", type=positive, default=128, help="most requests at once (default: 128)")
    add("--timeout", type=positive, default=30, help="most seconds for a request (default: 30)")
    add(
        "--body-timeout",
        type=positive,
        default=10,
        help="most seconds in which a body arrives (default: 10)",
    )
    add(
        "--batch-size",
        type=positive,
        default=256,
        help="most latent samples that are computed together (default: 256)",
    )
    add(
        "--batch-wait",
        type=milliseconds,
        default=0,
        help="milliseconds for which a batch waits for more samples (default: 0)",
    )
    return parser


def main() -> None:
    """Serves until it is told to stop."""
    parser = command_line()
    options = parser.parse_args()
    if options.batch_size < options.max_count:
        parser.error("--batch-size must be at least --max-count")
    try:
        sampler = Sampler(
            options.model, options.batch_size, options.batch_wait / 1000, waiting=THREADS
        )
    except ValueError as error:
        parser.error(str(error))
    labels = sampler.condition is not None and sampler.condition.dtype.is_integer
    if labels != (options.classes is not None):
        parser.error(
            "this model takes labels: add --classes"
            if labels
            else "this model takes no labels: leave out --classes"
        )
    if not sampler.batches_generate:
        print(
            f"'{options.model}' has no signature `sample_latent`. So each request to /generate is computed "
            "by itself. Either the generator draws noise itself, or an older version exported it. In that "
            "case, export it again.",
            file=sys.stderr,
            flush=True,
        )

    logging.getLogger("bentoml._internal.server.http_app").addFilter(is_news)
    uvicorn.run(
        application(sampler, options),
        host=options.host,
        port=options.port,
        access_log=False,
        ws="none",
        timeout_graceful_shutdown=options.timeout,
    )


def positive(text: str) -> int:
    """Reads a positive integer."""
    return within(text, 1, 2**31 - 1)


def port(text: str) -> int:
    """Reads the number of a port."""
    return within(text, 1, 2**16 - 1)


def within(text: str, low: int, high: int) -> int:
    """Reads an integer in a range."""
    value = int(text)
    if not low <= value <= high:
        raise argparse.ArgumentTypeError(f"must be from {low} to {high}, not {text}")
    return value


def milliseconds(text: str) -> float:
    """Reads a number from 0 to a million."""
    value = float(text)
    if not 0 <= value <= 1e6:
        raise argparse.ArgumentTypeError(f"must be from 0 to 1000000, not {text}")
    return value


if __name__ == "__main__":
    main()
