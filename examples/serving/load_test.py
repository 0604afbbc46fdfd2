"""Loads a server of samples with 1, 8 and 64 clients, checks the answers, and kills the server once.

    python examples/serving/load_test.py saved_models/digits/1 --classes 10

You need `pip install "kerasgan[serve]"`. The script starts the server itself, on the loopback address. It
compares each answer with the samples that TensorFlow computes here from the same SavedModel.

Then 8 clients send requests, and the script kills the server (SIGKILL) and starts it again. If the server had
not answered a request, its client must get an error. The client then sends the request again. No answer may
be wrong, and no request may stay without an answer or an error.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import dataclasses
import io
import json
import random
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from images import png
from PIL import Image
from sampler import Sampler
from serve_extra import serve_extra

with serve_extra():
    import aiohttp
    from running_server import RunningServer

# In seconds: how long a client waits for an answer, how long it retries, and its pause after an error.
PATIENCE, PERSISTENCE, PAUSE = 60, 300, 0.05


@dataclasses.dataclass
class Request:
    """A request, and the samples that it should get."""

    path: str
    body: dict[str, Any]
    samples: np.ndarray
    picture: bool = False

    async def send(self, http: aiohttp.ClientSession) -> tuple[int, bytes, int]:
        """Returns the status and the body of the answer, and how many rows were computed together."""
        headers = {"Accept": "image/png"} if self.picture else {}
        async with http.post(self.path, json=self.body, headers=headers) as response:
            together = int(response.headers.get("X-Computed-Together", 0))
            return response.status, await response.read(), together

    def is_right(self, status: int, body: bytes) -> bool:
        """Tells whether an answer holds the samples, up to rounding: one gray level, or 1e-5.

        With more rows, a product of matrices may sum in another order.
        """
        if status != 200:
            return False
        if self.picture:
            with (
                Image.open(io.BytesIO(body)) as image,
                Image.open(io.BytesIO(png(self.samples))) as expected,
            ):
                return image.size == expected.size and _close(image, expected)
        samples = np.asarray(json.loads(body)["samples"], self.samples.dtype)
        return samples.shape == self.samples.shape and _close(samples, self.samples)


def _close(one: Any, other: Any) -> bool:
    one, other = np.asarray(one), np.asarray(other)
    rounding = 1.0 if one.dtype == np.uint8 else 1e-5
    return bool(np.all(np.abs(one.astype("float64") - other.astype("float64")) <= rounding))


@dataclasses.dataclass
class Tally:
    """What happened to the requests.

    Attributes:
        seconds: How long each answered request took, with all its attempts.
        together: How many rows of all requests were computed together, for each answered request.
        wrong: The number of wrong answers.
        errors: How often clients got an error and tried again, by the kind of error.
        lost: The number of requests that got neither an answer nor an error.
    """

    seconds: list[float] = dataclasses.field(default_factory=list)
    together: list[int] = dataclasses.field(default_factory=list)
    wrong: int = 0
    errors: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    lost: int = 0

    def summary(self, duration: float, cpu: float | None) -> dict[str, Any]:
        """Returns the figures of a run of `duration` seconds. The server computed for `cpu` seconds."""
        p50, p99 = np.percentile(self.seconds, [50, 99]) * 1000
        return {
            "requests": len(self.seconds),
            "requests_per_second": round(len(self.seconds) / duration, 1),
            "p50_milliseconds": round(float(p50), 1),
            "p99_milliseconds": round(float(p99), 1),
            "rows_computed_together": round(float(np.mean(self.together)), 1),
            "cpu_milliseconds_of_the_server": cpu and round(1000 * cpu / len(self.seconds), 2),
            "failed": self.wrong + self.lost + self.errors.total(),
            "wrong": self.wrong,
            "lost": self.lost,
            "errors": dict(self.errors),
        }


def requests_of(sampler: Sampler, classes: int | None, seed: int) -> list[Request]:
    """Returns requests of each kind, with the samples that TensorFlow computes here."""
    numbers = np.random.default_rng(seed)
    requests = []
    for count in (1, 1, 4, 16):
        asked: dict[str, Any] = {"count": count, "seed": int(numbers.integers(2**32))}
        latent = numbers.normal(size=(count, *sampler.latent.shape[1:]))
        given: dict[str, Any] = {"latent": latent.round(4).tolist()}
        if sampler.condition is not None:
            shape = (count, *sampler.condition.shape[1:])
            condition = (
                numbers.integers(classes, size=shape) if classes else numbers.normal(size=shape)
            )
            asked["condition"] = condition.tolist()
            if sampler.decoded_condition is not None:
                given["condition"] = asked["condition"]
        drawn = sampler.generate_alone(**asked)
        requests += [
            Request("/generate", asked, drawn),
            Request("/decode", given, sampler.decode(**given)[0]),
        ]
        if drawn.dtype == np.uint8:
            requests.append(Request("/generate", asked, drawn, picture=True))
    return requests


async def ask(http: aiohttp.ClientSession, request: Request, tally: Tally) -> None:
    """Sends a request until it is answered."""
    start = time.perf_counter()
    while time.perf_counter() - start < PERSISTENCE:
        try:
            status, body, together = await request.send(http)
        except asyncio.TimeoutError:
            break
        except aiohttp.ClientError as error:
            tally.errors[type(error).__name__] += 1
        else:
            if status != 429 and status < 500:
                tally.seconds.append(time.perf_counter() - start)
                tally.together.append(together)
                tally.wrong += not request.is_right(status, body)
                return
            tally.errors[str(status)] += 1
        await asyncio.sleep(PAUSE)
    tally.lost += 1


async def load(
    server: RunningServer, requests: list[Request], clients: int, seconds: float, kill: bool = False
) -> dict[str, Any]:
    """Returns the figures of several clients that send requests for some seconds.

    With `kill`, the server is killed after half of the time and started again.
    """
    tally = Tally()

    async def client(number: int) -> None:
        choice = random.Random(number)
        while time.perf_counter() < end:
            await ask(http, choice.choice(requests), tally)

    async def killer() -> None:
        await asyncio.sleep(seconds / 2)
        server.kill()
        server.start()
        await asyncio.to_thread(server.wait_until_ready)

    async with aiohttp.ClientSession(
        server.url,
        timeout=aiohttp.ClientTimeout(PATIENCE),
        connector=aiohttp.TCPConnector(limit=0),
    ) as http:
        start, computed = time.perf_counter(), server.cpu_seconds()
        end = start + seconds
        tasks = [client(number) for number in range(clients)] + ([killer()] if kill else [])
        await asyncio.gather(*tasks)
        cpu = None if kill else server.cpu_seconds() - computed  # not known for a killed server
        return tally.summary(time.perf_counter() - start, cpu)


def measure(
    model: Path, classes: int | None, clients: list[int], seconds: float, seed: int
) -> dict[str, Any]:
    """Returns the figures of each number of clients, and those of the run with a killed server."""
    sampler = Sampler(model, batch_size=64, batch_wait=0, waiting=1)
    requests = requests_of(sampler, classes, seed)
    with RunningServer(model, classes) as server:
        asyncio.run(load(server, requests, clients=1, seconds=1))  # the first calls are slower
        results = {
            f"{number} clients": asyncio.run(load(server, requests, number, seconds))
            for number in clients
        }
        results["killed and restarted, 8 clients"] = asyncio.run(
            load(server, requests, 8, seconds, kill=True)
        )
    return results


def main() -> None:
    """Measures and prints. Fails if an answer was wrong or missing, or on errors without a kill."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path, help="folder of the SavedModel")
    parser.add_argument("--classes", type=int, help="number of classes, if the model takes labels")
    parser.add_argument(
        "--clients",
        type=int,
        nargs="+",
        default=[1, 8, 64],
        metavar="N",
        help="numbers of clients (default: 1 8 64)",
    )
    parser.add_argument(
        "--seconds", type=float, default=10, help="seconds of each run (default: 10)"
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the requests (default: 0)")
    options = parser.parse_args()
    if min(options.clients) < 1 or options.seconds <= 0:
        parser.error("--clients and --seconds must be positive")
    results = measure(
        options.model, options.classes, options.clients, options.seconds, options.seed
    )
    for name, result in results.items():
        print(
            f"{name:>31}: {result['requests_per_second']:6.1f} requests/s, "
            f"p50 {result['p50_milliseconds']:.1f} ms, p99 {result['p99_milliseconds']:.1f} ms, "
            f"{result['rows_computed_together']:.1f} rows together, "
            f"{result['wrong']} wrong, {result['lost']} lost, errors {result['errors'] or 'none'}"
        )
    print(json.dumps(results))
    silent = sum(result["wrong"] + result["lost"] for result in results.values())
    *undisturbed, _ = results.values()
    if silent or any(result["failed"] for result in undisturbed):
        sys.exit("Some requests failed.")


if __name__ == "__main__":
    main()
