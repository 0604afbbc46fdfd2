"""What a test does with a page in the browser."""

import json

import numpy as np
from chromium import resize
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

_PIXELS = """
const { width, height } = arguments[0];
const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
copy.drawImage(arguments[0], 0, 0);
return [height, width, Array.from(copy.getImageData(0, 0, width, height).data)];
"""


class Page:
    """A page that the browser has opened."""

    def __init__(self, browser, address, screenshots):
        self.browser = browser
        self.address = address
        self.screenshots = screenshots
        for kind in ("browser", "performance"):
            browser.get_log(kind)  # forgets what earlier pages did
        self.resize(1100, 1150)
        browser.get(address)

    def wait(self):
        """Waits until the page has drawn what was asked for, or tells of an error."""
        WebDriverWait(self.browser, 60).until(lambda _: self.is_done)

    @property
    def is_done(self):
        return self.error or self["page"].get_attribute("aria-busy") == "false"

    @property
    def error(self):
        return self["error"].text

    @property
    def state(self):
        return self.import_("app.js", "module.state")

    def import_(self, module, expression):
        """Returns what an expression gives of a module of the page."""
        answer = self.browser.execute_async_script(
            "const done = arguments[0], failed = (error) => done({ error: String(error) });"
            f"import('./{module}').then((module) => done({{ value: {expression} }})).catch(failed);"
        )
        assert "error" not in answer, answer
        return answer["value"]

    def __getitem__(self, name):
        return self.browser.find_element(By.ID, name)

    def all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def pixels(self, canvas):
        """Returns the pixels (height, width, 3) of a canvas, which are opaque."""
        height, width, values = self.browser.execute_script(_PIXELS, canvas)
        pixels = np.reshape(values, (height, width, 4))
        assert np.all(pixels[..., 3] == 255)
        return pixels[..., :3]

    def pictures(self, selector):
        return np.stack([self.pixels(canvas) for canvas in self.all(f"{selector} canvas")])

    def do(self, action, *arguments):
        """Does something to the page, and waits."""
        action(*arguments)
        self.wait()

    def click(self, item):
        # As assistive technology does; where it is on the screen does not matter.
        self.do(self.browser.execute_script, "arguments[0].click()", item)

    def resize(self, width, height):
        resize(self.browser, width, height)

    def screenshot(self, name):
        assert self.browser.save_screenshot(str(self.screenshots / f"{name}.png"))

    def complaints(self):
        """Returns the messages of the console since the last time."""
        return [entry["message"] for entry in self.browser.get_log("browser")]

    def requests(self):
        """Returns the addresses of all requests since the last time."""
        messages = (
            json.loads(entry["message"])["message"] for entry in self.browser.get_log("performance")
        )
        return [
            message["params"]["request"]["url"]
            for message in messages
            if message["method"] == "Network.requestWillBeSent"
        ]
