"""A page made of a trained generator, served on the loopback address, in a headless Chromium.

Screenshots go to the folder that `KERASGAN_SCREENSHOTS` names.
"""

import contextlib
import functools
import http.server
import importlib.util
import os
import shutil
import subprocess
import threading
from pathlib import Path

import keras
import numpy as np
import onnxruntime
import pytest
from chromium import started
from programs import lacking, program

import kerasgan

WEB = Path(__file__).parents[2] / "examples" / "web"


@pytest.fixture(scope="session")
def build_page():
    """Returns the script as a module."""
    specification = importlib.util.spec_from_file_location("build_page", WEB / "build_page.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def node_modules(tmp_path_factory):
    """Returns the folder with onnxruntime-web, as the lock file has it."""
    if (WEB / "node_modules" / "onnxruntime-web").is_dir():
        return WEB / "node_modules"
    folder = tmp_path_factory.mktemp("npm")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(WEB / name, folder)
    command = [program("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if ran.returncode:
        lacking(f"`npm ci` cannot install onnxruntime-web. Is its registry reachable? {ran.stderr}")
    return folder / "node_modules"


def train_digits(folder):
    """Trains a conditional GAN for some seconds, and exports its generator of uint8 pictures."""
    keras.utils.set_random_seed(0)
    data = kerasgan.datasets.digits(test_fraction=0.2, seed=0)
    gan = kerasgan.ConditionalGAN(
        kerasgan.networks.mlp(
            (16,), [128, 128], (8, 8, 1), output_activation="tanh", number_of_classes=10
        ),
        kerasgan.networks.mlp((8, 8, 1), [128, 128], (1,), number_of_classes=10),
    )
    steps = 10 * (len(data) // 64)
    rates = keras.optimizers.schedules.CosineDecay(4e-3, steps)
    adam = functools.partial(keras.optimizers.Adam, rates, beta_1=0.0, beta_2=0.99)
    penalties = [kerasgan.penalties.R1(0.05), kerasgan.penalties.R2(0.05)]
    gan.compile(adam(), adam(), loss="non_saturating", penalties=penalties, steps_per_execution=22)
    gan.fit(data.x, data.y, batch_size=64, epochs=10, verbose=0)
    gan.export(folder / "digits.onnx", "onnx", False, normalization=data.normalization)
    return folder / "digits.onnx"


def save_colors(folder):
    """Saves an untrained GAN of float color pictures, higher than wide, with a uniform prior."""
    keras.utils.set_random_seed(1)
    generator = keras.Sequential(
        [
            keras.Input((2, 3)),
            keras.layers.Flatten(),
            keras.layers.Dense(6 * 5 * 3, "sigmoid", kernel_initializer="random_normal"),
            keras.layers.Reshape((6, 5, 3)),
            keras.layers.Rescaling(1.0),
        ]
    )
    generator.set_weights([20 * weights for weights in generator.get_weights()])
    gan = kerasgan.GAN(generator, kerasgan.networks.mlp((6, 5, 3), [4], (1,)), prior="uniform")
    gan.compile()
    gan.save(folder / "colors.keras")
    return folder / "colors.keras"


class Site:
    """A built page, and the same model in Python."""

    def __init__(self, folder):
        self.folder = folder
        self.session = onnxruntime.InferenceSession(
            folder / "model.onnx", providers=["CPUExecutionProvider"]
        )

    def samples(self, points, labels=None):
        latent = self.session.get_inputs()[0]
        inputs = {"latent": np.reshape(points, (len(points), *latent.shape[1:])).astype("float32")}
        if labels is not None:
            inputs["condition"] = np.asarray(labels, "int32")
        return self.session.run(["samples"], inputs)[0]


@pytest.fixture(scope="session", params=["digits", "colors"])
def any_site(request):
    return request.getfixturevalue(request.param)


def built(make, name, build_page, node_modules, tmp_path_factory):
    folder = tmp_path_factory.mktemp(name)
    model = make(folder)
    arguments = [model, "--output", folder / "page", "--title", name]
    arguments += ["--node-modules", node_modules]
    build_page.main([str(argument) for argument in arguments])
    return Site(folder / "page")


@pytest.fixture(scope="session")
def digits(build_page, node_modules, tmp_path_factory):
    return built(train_digits, "Handwritten digits", build_page, node_modules, tmp_path_factory)


@pytest.fixture(scope="session")
def colors(build_page, node_modules, tmp_path_factory):
    return built(save_colors, "Colors", build_page, node_modules, tmp_path_factory)


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """Returns a driver of Debian's Chromium; nothing is downloaded."""
    with started(tmp_path_factory.mktemp("chromium")) as driver:
        yield driver


@contextlib.contextmanager
def served(folder):
    """Serves a folder as `python -m http.server` does, and yields its address."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Handler, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def open_page(browser, tmp_path):
    """Returns a function that serves and opens a site, and waits until it has drawn or given up."""
    from web_page import Page

    screenshots = Path(os.environ.get("KERASGAN_SCREENSHOTS") or tmp_path)
    screenshots.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:

        def start(site):
            page = Page(browser, stack.enter_context(served(site.folder)), screenshots)
            page.wait()
            return page

        yield start
        browser.get("about:blank")  # no request is under way when the server ends
