"""The page draws what the model gives, and does what its controls say, with no help but a server of files."""

import io
import itertools
import json
import os
import shutil
import time
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from selenium.webdriver.common.keys import Keys
from sklearn.svm import SVC

import kerasgan


def as_pixels(samples):
    """Returns samples as the pixels of a canvas, (count, height, width, 3)."""
    if samples.dtype != np.uint8:
        samples = np.clip(samples * 255, 0, 255)  # those of a sigmoid
    return np.broadcast_to(samples, (*samples.shape[:3], 3)).astype("float64")


def assert_same(pixels, samples):
    # Two runtimes may round a number near a half to either side.
    np.testing.assert_allclose(pixels, as_pixels(samples), atol=1)


def labels_of(page, count, label=None):
    chosen = page.state["label"] if label is None else label
    return [chosen] * count if page.all("#classes input") else None


def coordinates(site, point):
    return np.asarray(point) @ np.transpose(directions(site))


def directions(site):
    return json.loads((site.folder / "model.json").read_text())["directions"]


def test_it_draws_what_the_model_gives(open_page, any_site):
    page = open_page(any_site)
    state = page.state
    expected = any_site.samples([state["point"]], labels_of(page, 1))
    assert_same(page.pixels(page["picture"])[None], expected)
    assert_same(
        page.pictures("#samples")[0:1], any_site.samples([draw(page, 0)], labels_of(page, 1))
    )
    assert np.ptp(page.pixels(page["picture"])) > 50
    page.screenshot(page.browser.title)
    assert page.complaints() == []
    requests = page.requests()
    assert all(url.startswith(page.address) for url in requests), requests
    assert {page.address + name for name in ("model.onnx", "model.json")} < set(requests)


def draw(page, seed):
    """Returns the point that the page draws from a seed."""
    before = page["seed"].get_property("value")
    set_seed(page, seed)
    point = page.state["point"]
    set_seed(page, before)
    return point


def set_seed(page, seed):
    script = "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('change'))"
    page.do(page.browser.execute_script, script, page["seed"], seed)


def test_it_draws_digits(open_page, digits):
    """A judge that learned from real digits, wherever it was, takes most for what they are meant to be."""
    data = kerasgan.datasets.digits(test_fraction=0.2, seed=0)
    real = data.normalization.invert(data.x).reshape(len(data.x), -1) / 255
    judge = SVC(gamma=0.05, C=5).fit(real, data.y)
    page = open_page(digits)
    right = []
    for label, radio in enumerate(page.all("#classes input")):
        page.click(radio)
        pictures = page.pictures("#samples")[..., 0] / 255
        right += list(judge.predict(pictures.reshape(len(pictures), -1)) == label)
    assert len(right) == 240
    assert np.mean(right) > 0.5  # by chance .1


@pytest.mark.parametrize("index", [0, 3])
def test_a_slider_moves_the_point_along_its_direction(open_page, any_site, index):
    page = open_page(any_site)
    before, picture = page.state["point"], page.pixels(page["picture"])
    slider = page[f"slider-{index}"]
    shown = slider.get_property("valueAsNumber")
    assert shown == pytest.approx(coordinates(any_site, before)[index], abs=1e-5)
    page.do(slider.send_keys, Keys.HOME)
    state = page.state
    lowest = float(slider.get_attribute("min"))
    moved = np.subtract(state["point"], before)
    expected = (lowest - shown) * np.asarray(directions(any_site)[index])
    np.testing.assert_allclose(moved, expected, atol=1e-5)
    changed = page.pixels(page["picture"])
    assert np.abs(changed - picture).max() > 20
    assert_same(changed[None], any_site.samples([state["point"]], labels_of(page, 1)))
    assert page[f"coordinate-{index}"].text == f"{lowest:.2f}".replace("-", "−")
    assert "moved" in page["caption"].text

    page.do(page["reset"].click)
    np.testing.assert_array_equal(page.pixels(page["picture"]), picture)
    assert page.complaints() == []


def test_the_seed_tells_the_point(open_page, digits):
    page = open_page(digits)
    first = page.pixels(page["picture"])
    page.do(page["new-point"].click)
    assert page["seed"].get_property("value") == "2"
    assert np.any(page.pixels(page["picture"]) != first)
    set_seed(page, 1)
    np.testing.assert_array_equal(page.pixels(page["picture"]), first)
    page.click(page.all("#samples button")[1])
    np.testing.assert_array_equal(page.pixels(page["picture"]), first)
    page.do(page["more-samples"].click)
    assert page.all("#samples button")[0].accessible_name == "Sample of seed 24"


def test_the_class_tells_the_picture(open_page, digits):
    page = open_page(digits)
    picture = page.pixels(page["picture"])
    page.do(page["class-0"].send_keys, Keys.ARROW_RIGHT)
    page.do(page["class-1"].send_keys, Keys.ARROW_RIGHT)
    state = page.state
    assert state["label"] == 2
    expected = digits.samples([state["point"]] * 10, range(10))
    assert_same(page.pictures("#classes"), expected)
    assert_same(page.pixels(page["picture"])[None], expected[2:3])
    assert np.abs(page.pixels(page["picture"]) - picture).max() > 50
    ends = [state["a"]["point"], state["b"]["point"]]
    assert_same(page.pictures("#strip")[[0, -1]], digits.samples(ends, [2, 2]))
    assert_same(page.pictures("#samples")[1:2], digits.samples([state["point"]], [2]))


def test_classes_are_for_conditional_models(open_page, colors):
    page = open_page(colors)
    assert not page["classes"].is_displayed()
    assert page["caption"].text == "seed 1"


def test_the_strip_goes_from_a_to_b(open_page, any_site):
    page = open_page(any_site)
    set_seed(page, 5)
    page.do(page["pick-a"].click)
    start, picture_a = page.state["point"], page.pixels(page["picture"])
    set_seed(page, 9)
    page.do(page["slider-0"].send_keys, Keys.HOME)
    page.do(page["pick-b"].click)
    end, picture_b = page.state["point"], page.pixels(page["picture"])
    strip = page.pictures("#strip")
    assert len(strip) == 8
    np.testing.assert_array_equal(strip[0], picture_a)
    np.testing.assert_array_equal(strip[-1], picture_b)

    ways = {
        "a great circle": kerasgan.latent.spherical_interpolation,
        "a straight line": kerasgan.latent.linear_interpolation,
    }
    (name,) = [name for name in ways if name in page["way-hint"].text]
    assert name == ("a great circle" if page.all("#classes input") else "a straight line")
    points = ways[name]([start], [end], np.linspace(0, 1, 8))[0]
    assert_same(strip, any_site.samples(points, labels_of(page, 8)))
    assert all(np.any(one != other) for one, other in itertools.pairwise(strip))

    page.click(page.all("#strip button")[3])
    np.testing.assert_allclose(page.state["point"], points[3], atol=1e-6)
    np.testing.assert_array_equal(page.pixels(page["picture"]), strip[3])
    assert page["caption"].text.startswith("frame 4")


@pytest.mark.parametrize(("button", "count"), [("save-picture", 1), ("save-strip", 8)])
def test_saving_gives_a_png(open_page, digits, tmp_path, button, count):
    page = open_page(digits)
    where = {"behavior": "allow", "downloadPath": str(tmp_path / "saved")}
    page.browser.execute_cdp_cmd("Browser.setDownloadBehavior", where)
    page[button].click()
    deadline = time.monotonic() + 60
    while not (files := list((tmp_path / "saved").glob("*.png"))):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    with Image.open(io.BytesIO(files[0].read_bytes())) as image:
        assert image.format == "PNG"
        pixels = np.asarray(image.convert("RGB"))
    expected = page.pictures("#strip" if count > 1 else ".point figure")
    expected = np.concatenate(list(expected), axis=1).repeat(64, axis=0).repeat(64, axis=1)
    np.testing.assert_array_equal(pixels, expected)
    name = "way_class_0" if count > 1 else "seed_1_class_0"
    assert files[0].name == f"{name}.png"


@pytest.mark.parametrize(
    ("prior", "mean", "deviation"),
    [
        ({"name": "normal", "mean": 1.0, "stddev": 2.0}, 1.0, 2.0),
        ({"name": "uniform", "low": -1.0, "high": 3.0}, 1.0, 4 / 12**0.5),
    ],
    ids=["normal", "uniform"],
)
def test_points_are_draws_of_the_prior(open_page, colors, prior, mean, deviation):
    page = open_page(colors)
    expression = f"module.draw({json.dumps(prior)}, 10000, 3)"
    point = np.asarray(page.import_("latent.js", expression))
    # Four standard errors, of the mean and (for a normal distribution, the wider one) of the deviation.
    assert abs(point.mean() - mean) < 4 * deviation / 100
    assert abs(point.std() - deviation) < 4 * deviation / 141
    assert abs(np.corrcoef(point[:-1], point[1:])[0, 1]) < 4 / 100
    if prior["name"] == "uniform":
        assert -1 < point.min() < -0.99
        assert 2.99 < point.max() < 3
    else:
        assert 0.94 < np.mean(np.abs(point - mean) < 2 * deviation) < 0.97  # .9545


def test_points_that_no_great_circle_joins(open_page, colors):
    page = open_page(colors)
    prior = json.dumps({"name": "normal", "mean": 0, "stddev": 1})
    for ends in ("[1, 2], [-1, -2]", "[0, 0], [1, 2]", "[1, 2], [1, 2]"):
        way = page.import_("latent.js", f"module.interpolate({ends}, 3, {prior})")
        start, end = json.loads(f"[{ends}]")
        assert way["kind"] == "straight"
        np.testing.assert_allclose(way["points"], np.linspace(start, end, 3))


def test_another_host_is_refused(open_page, digits):
    page = open_page(digits)
    page.browser.execute_async_script(
        "const done = arguments[0];"
        "addEventListener('securitypolicyviolation', (event) => done(event.violatedDirective));"
        "fetch('http://127.0.0.2:9/').catch(() => {});"
    )
    assert "Content Security Policy" in " ".join(page.complaints())


def test_everything_has_a_name_and_a_key(open_page, digits):
    page = open_page(digits)
    nodes = page.browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    names = {}
    for node in nodes:
        name = node.get("name", {}).get("value", "")
        names.setdefault(node.get("role", {}).get("value"), []).append(name)
    assert [len(names[role]) for role in ("slider", "radio", "spinbutton")] == [8, 10, 1]
    for role in ("slider", "radio", "spinbutton", "button", "image"):
        assert all(names[role]), role
        assert len(set(names[role])) == len(names[role]), role
    # One stop of the tabulator for all classes, as radio buttons have it.
    stops = len(page.all("button:enabled, input:enabled")) - 9
    body, seen = page.all("body")[0], set()
    body.send_keys(Keys.TAB)
    for _ in range(stops):
        seen.add(page.browser.switch_to.active_element.id)
        page.browser.switch_to.active_element.send_keys(Keys.TAB)
    assert len(seen) == stops


@pytest.mark.parametrize("width", [320, 800])
def test_it_fits_the_screen(open_page, digits, width):
    page = open_page(digits)
    page.resize(width, 900)
    assert page.browser.execute_script("return document.documentElement.scrollWidth") <= width
    page.screenshot(f"width-{width}")


def without(name):
    return lambda folder: (folder / name).unlink()


def garbage(name):
    return lambda folder: replace(folder / name, b"{ not this")


def replace(path, content):
    path.unlink()  # another page has the same file
    path.write_bytes(content)


def described(**changes):
    def change(folder):
        text = json.loads((folder / "model.json").read_text())
        replace(folder / "model.json", json.dumps({**text, **changes}).encode())

    return change


WASM = "ort-wasm-simd-threaded.wasm"
SAMPLES = {"name": "samples", "shape": [8, 9, 1], "range": [0, 255]}


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (without("model.onnx"), "model.onnx cannot be loaded: the server answers 404"),
        (without("model.json"), "model.json cannot be loaded: the server answers 404"),
        (without(WASM), f"{WASM} cannot be loaded: the server answers 404"),
        (garbage("model.json"), "model.json is not valid"),
        (garbage("model.onnx"), "The model cannot be run"),
        (garbage(WASM), "The WebAssembly runtime cannot be started"),
        (described(condition=None), "it takes latent, condition, but model.json says latent"),
        (described(samples=SAMPLES), "samples of shape 1,8,8,1, but model.json says 1,8,9,1"),
        (described(latent={"name": "latent", "shape": [3]}), "The model cannot be run"),
    ],
    ids=lambda value: None if callable(value) else value.replace(" ", "_")[:40],
)
def test_what_is_wrong_is_said(open_page, digits, tmp_path, spoil, message):
    folder = tmp_path / "page"
    shutil.copytree(digits.folder, folder, copy_function=os.link)
    spoil(folder)
    page = open_page(SimpleNamespace(folder=folder))
    assert message in page.error
    assert page["error"].aria_role == "alert"
    assert not page["page"].is_displayed()
    assert not page["loading"].is_displayed()
    if "model.onnx" in message:
        page.screenshot("error")
