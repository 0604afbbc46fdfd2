"""How tests ask a server."""

import http.client
import json
import sys
import urllib.error
import urllib.request
from pathlib import Path

# The server runs where neither Keras nor this package can be imported.
PYTHON = [sys.executable, str(Path(__file__).with_name("without_keras.py"))]


def post(url, body, **headers):
    """Returns the status, the headers and the body of an answer; `body` is bytes or what JSON can hold."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {key.replace("_", "-"): value for key, value in headers.items()}
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


def get(url):
    """Returns the status of an answer."""
    try:
        with urllib.request.urlopen(url, timeout=120) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def sent(server, path, body, **headers):
    """Sends a request, and returns the connection that will bring the answer."""
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=120)
    headers = {"Content-Type": "application/json", **headers}
    connection.request("POST", path, json.dumps(body), headers)
    return connection
