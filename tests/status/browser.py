"""A headless Chromium, driven by WebDriver's own protocol: HTTP and JSON, nothing to install but Debian's
chromium-driver."""

import base64
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))
from waiting import SECONDS, wait_until

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


def is_there():
    return shutil.which("chromium") is not None and shutil.which("chromedriver") is not None


class Browser:
    """One window. Use it in a `with`."""

    def __init__(self, width=1280, height=900, dark=False):
        self.profile = tempfile.TemporaryDirectory(prefix="levada-browser.")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.driver = subprocess.Popen(["chromedriver", f"--port={port}"], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, env=dict(os.environ, HOME=self.profile.name))
        self.base = f"http://127.0.0.1:{port}"
        try:
            self.wait_for_driver()
            arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                         "--hide-scrollbars", f"--user-data-dir={self.profile.name}/profile",
                         f"--window-size={width},{height}"]
            if dark:
                arguments.append("--blink-settings=preferredColorScheme=0")
            capabilities = {"browserName": "chrome", "goog:loggingPrefs": {"browser": "ALL"},
                            "goog:chromeOptions": {"args": arguments}}
            made = self.call("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}})
            self.base += f"/session/{made['sessionId']}"
            self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                          mobile=width < 600)
            self.devtools("Emulation.setEmulatedMedia", features=[
                {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        except Exception:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if "/session/" in self.base:
            try:
                self.call("DELETE", "")
            except (OSError, RuntimeError):
                pass
        self.driver.terminate()
        self.driver.wait()
        self.profile.cleanup()

    def wait_for_driver(self):
        def is_ready():
            try:
                return self.call("GET", "/status")["ready"]
            except OSError:
                return False

        wait_until(is_ready, "chromedriver is ready", alive=[self.driver])

    def call(self, method, path, body=None):
        data = None if body is None and method != "POST" else json.dumps(body or {}).encode()
        request = urllib.request.Request(self.base + path, data=data, method=method,
                                         headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as failed:
            raise RuntimeError(f"{path}: {failed.read().decode()[:2000]}") from failed

    def devtools(self, command, **parameters):
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def open(self, url):
        self.call("POST", "/url", {"url": url})

    def run(self, script, *arguments):
        """What the script returns."""
        return self.call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def wait(self, script, what):
        """Until the script returns something true, which it gives. `what`: what is wrong if it never does."""
        return wait_until(lambda: self.run(script), what, alive=[self.driver],
                          said=lambda: f"the page says: {self.run('return document.body.innerText')[:3000]}; "
                                       f"and in its log: {self.log()}")

    def on(self, selector, act):
        """Does it with the first element that the selector finds; again where the page replaces that meanwhile."""
        def is_done():
            found = self.call("POST", "/element", {"using": "css selector", "value": selector})
            try:
                act(found)
            except RuntimeError as failed:
                if "stale element reference" not in str(failed):
                    raise
                return False
            return True

        wait_until(is_done, f"{selector} does not stay", alive=[self.driver])

    def click(self, selector):
        self.on(selector, lambda found: self.call("POST", f"/element/{found[ELEMENT]}/click"))

    def hold(self, selector):
        """Presses the mouse on it, until let_go()."""
        self.on(selector, lambda found: self.point(
            {"type": "pointerMove", "duration": 0, "origin": found, "x": 0, "y": 0},
            {"type": "pointerDown", "button": 0}))

    def let_go(self):
        self.point({"type": "pointerUp", "button": 0})

    def point(self, *actions):
        self.call("POST", "/actions", {"actions": [{"type": "pointer", "id": "mouse", "actions": list(actions)}]})

    def press(self, keys):
        """Keys, for what has the focus."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.call("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def log(self):
        return self.call("POST", "/se/log", {"type": "browser"})

    def screenshot(self, path, whole=True):
        size = self.devtools("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        made = self.devtools("Page.captureScreenshot", format="png", captureBeyondViewport=whole,
                             **({"clip": clip} if whole else {}))
        with open(path, "wb") as file:
            file.write(base64.b64decode(made["data"]))
