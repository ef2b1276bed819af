"""Object stores for tests: one in this process, and one that is reached over HTTP."""

from __future__ import annotations

import hashlib
import os
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from unittest import mock
from uuid import uuid4

from running import RESULT_FOLDERS, SCORE

from sweep_dask.locations import location_of
from sweep_dask.settings import load_settings
from sweep_dask.storage import objects
from sweep_dask.storage.objects import read_object, sizes_below
from sweep_dask.study.replay import replay
from sweep_dask.study.run import run

BUCKET = "results"


def in_memory() -> Path:
    """A place in a store of this process where nothing is."""
    return location_of(f"memory://{uuid4().hex}/output")


def run_there(folder, output, **settings):
    """`run` with its results anywhere, deaf to the environment and to any config.yaml."""
    return run(_settings(output, settings), str(folder))


def replay_there(folder, output, **settings):
    """`replay`, likewise."""
    return replay(_settings(output, settings), str(folder), ablations=False)


def _settings(output, settings):
    given = {"output": str(output), "progress": False, **settings}
    return load_settings(given, {}, Path("/nonexistent"))


def result_objects(output):
    """As `running.result_files`, of a folder in a store."""
    return {
        name: hashlib.sha256(read_object(output / name)).hexdigest()
        for name in sizes_below(output)
        if name.partition("/")[0] in RESULT_FOLDERS or name == SCORE
    }


class Request(NamedTuple):
    """What the server was asked, and how many bytes it gave or, of a `PUT`, took."""

    method: str
    path: str
    range: str | None
    bytes: int


class S3Server:
    """Notes the requests of what it is told to be asked for, and refuses some."""

    def __init__(self, app):
        self._app = app
        self.requests: list[Request] = []
        self.refused_methods: set[str] = set()
        self.address = ""

    def __call__(self, environment, start):
        method, path = environment["REQUEST_METHOD"], environment["PATH_INFO"]
        if method in self.refused_methods:
            start("403 Forbidden", [("Content-Type", "application/xml")])
            return [b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"]
        body = b"".join(self._app(environment, start))
        asked = environment.get("HTTP_RANGE")
        taken = int(environment.get("CONTENT_LENGTH") or 0)
        given = len(body) if method == "GET" else taken
        self.requests.append(Request(method, path, asked, given))
        return [body]

    @property
    def environment(self):
        """What a program needs to reach it."""
        return {
            "AWS_ENDPOINT_URL": self.address,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def of(self, method, end):
        """Requests of a method for objects whose names end like that."""
        return [one for one in self.requests if one.method == method and one.path.endswith(end)]


@contextmanager
def s3_server():
    """An S3 server over HTTP with one bucket, which this process's environment tells of."""
    import boto3
    from moto.server import DomainDispatcherApplication, create_backend_app
    from s3fs import S3FileSystem
    from werkzeug.serving import WSGIRequestHandler, make_server

    def forget():
        """Connections are to the server before."""
        S3FileSystem.clear_instance_cache()
        objects._file_system.cache_clear()

    class Silent(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def log(self, *_):
            """Say nothing."""

    app = S3Server(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Silent)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    app.address = f"http://127.0.0.1:{server.server_port}"
    try:
        with mock.patch.dict(os.environ, app.environment):
            forget()
            boto3.client("s3").create_bucket(Bucket=BUCKET)
            yield app
    finally:
        forget()
        server.shutdown()
        thread.join()
