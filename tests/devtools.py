"""A real browser that is driven while pages of a server change: what it shows, and a picture."""

import asyncio
import base64
import json
import os
import shutil
import signal
import subprocess
import time
import urllib.request
from contextlib import suppress

import pytest
from tornado.websocket import websocket_connect

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_SECONDS = 60


class Browser:
    """One tab of a headless browser."""

    def __init__(self, folder):
        program = next(filter(None, map(shutil.which, PROGRAMS)), None)
        if program is None:
            pytest.skip(f"NO BROWSER: no page was looked at; looked for {', '.join(PROGRAMS)}")
        options = (
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--window-size=1280,900",
        )
        options += ("--remote-debugging-port=0",)
        quiet = ("--disable-background-networking", "--disable-component-update", "--disable-sync")
        self._process = subprocess.Popen(
            [program, *options, *quiet, f"--user-data-dir={folder}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._port = next(
            line.split("127.0.0.1:")[1].split("/")[0]
            for line in self._process.stderr
            if line.startswith("DevTools listening")
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with suppress(ProcessLookupError):  # by the id of the session it was started in
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()

    def look(self, page, expression, picture=None):
        """Open a page; the first value of a JavaScript expression that is true."""
        return asyncio.run(self._look(page, expression, picture))

    async def _look(self, page, expression, picture):
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/json/list") as answer:
            tab = next(tab for tab in json.load(answer) if tab["type"] == "page")
        self._tab = await websocket_connect(
            tab["webSocketDebuggerUrl"], max_message_size=100_000_000
        )
        self._sent = 0
        try:
            await self._ask("Page.navigate", url=page)
            value, ends = None, time.monotonic() + PATIENCE_SECONDS
            while not value:
                assert time.monotonic() < ends, f"{page} does not show {expression}"
                found = await self._ask(
                    "Runtime.evaluate", expression=expression, returnByValue=True
                )
                value = found["result"].get("value")
            if picture is not None:
                shot = await self._ask("Page.captureScreenshot", format="png")
                picture.write_bytes(base64.b64decode(shot["data"]))
            return value
        finally:
            self._tab.close()

    async def _ask(self, method, **parameters):
        self._sent += 1
        message = {"id": self._sent, "method": method, "params": parameters}
        await self._tab.write_message(json.dumps(message))
        while True:
            told = json.loads(await self._tab.read_message())
            if told.get("id") == self._sent:
                return told["result"]
