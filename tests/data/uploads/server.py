"""A server of uploads on this machine that behaves as the net does: good, missing, cut short, slow, gone in the middle.

Other tests reuse it:

    server = UploadServer()
    server.put("/a.mp4", path.read_bytes())
    server.put("/b.mp4", data, flaky=2)
    ...
    server.stop()
"""

import itertools
import json
import re
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PIECE = 4096


@dataclass
class Behaviour:
    """What an address does.

    Attributes:
        body: bytes of the file.
        status: answered in place of the file where it is not 200.
        content_type: of the answer.
        retry_after: header that goes with `status` or with a flaky failure, "" for none.
        ranges: whether parts are served.
        states_length: whether the answer says how long it is.
        truncated: so many bytes of the body are sent, then the connection closes.
        hangs: after `truncated` bytes the connection stays open and silent, until the server stops.
        bytes_per_s: slow, 0 for as fast as it goes.
        flaky: so many requests fail first, with `flaky_status`.
        flaky_status: 503, or 0 to break the connection without an answer.
        endless: the body again and again, without an end.
        headers: further ones.
    """

    body: bytes = b""
    status: int = 200
    content_type: str = "video/mp4"
    retry_after: str = ""
    ranges: bool = True
    states_length: bool = True
    truncated: int | None = None
    hangs: bool = False
    bytes_per_s: float = 0.0
    flaky: int = 0
    flaky_status: int = 503
    endless: bool = False
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """One request: when it came (monotonic, seconds), for what, from which byte, with which headers."""

    at: float
    path: str
    start: int
    headers: dict[str, str]


class UploadServer(ThreadingHTTPServer):
    """Serves each path by its `Behaviour`, query strings ignored; what is not there is 404."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behaviours: dict[str, Behaviour] = {}
        self.log: list[Asked] = []
        self.sent: dict[str, int] = {}
        self.closing = threading.Event()
        self.vanished = threading.Event()
        self.vanish_after: int | None = None
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def put(self, path: str, body: bytes = b"", **behaviour: object) -> str:
        """Let `path` behave so, and return its address."""
        self.behaviours[path] = Behaviour(body, **behaviour)
        return self.address(path)

    def page(self, path: str, text: str = "<!DOCTYPE html><html><body>Sorry.</body></html>") -> str:
        """Serve a web page where a video should be."""
        return self.put(path, text.encode(), content_type="text/html; charset=utf-8")

    def address(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"

    def count(self, path: str) -> int:
        """How many requests came for `path`."""
        return sum(asked.path == path for asked in self.log)

    def gaps(self) -> list[float]:
        """Seconds between one request and the next."""
        times = [asked.at for asked in self.log]
        return [later - earlier for earlier, later in itertools.pairwise(times)]

    def vanish(self) -> None:
        """Refuse all connections from now on, as a machine does whose server has ended."""
        if not self.vanished.is_set():
            self.vanished.set()
            self.closing.set()
            self.shutdown()
            self.server_close()

    def stop(self) -> None:
        self.vanish()
        self._thread.join()

    def handle_error(self, *_: object) -> None:
        """Clients that leave in the middle are what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: UploadServer

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        start = int(asked[1]) if asked else 0
        self.server.log.append(Asked(time.monotonic(), path, start, dict(self.headers)))
        if self.server.vanish_after is not None and len(self.server.log) > self.server.vanish_after:
            threading.Thread(target=self.server.vanish).start()
            self.server.vanished.wait(5)
            return
        does = self.server.behaviours.get(path)
        if does is None:
            self.fail(404, Behaviour())
        elif does.flaky > 0:
            does.flaky -= 1
            if does.flaky_status:
                self.fail(does.flaky_status, does)
        elif does.status != 200:
            self.fail(does.status, does)
        elif asked and does.ranges and start >= len(does.body):
            self.fail(416, Behaviour(headers={"Content-Range": f"bytes */{len(does.body)}"}))
        else:
            stop = min(int(asked[2]) + 1, len(does.body)) if asked and asked[2] else len(does.body)
            self.serve(path, does, start if does.ranges else 0, stop, bool(asked) and does.ranges)

    def fail(self, status: int, does: Behaviour) -> None:
        self.send_response(status)
        for name, value in does.headers.items():
            self.send_header(name, value)
        if does.retry_after:
            self.send_header("Retry-After", does.retry_after)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def serve(self, path: str, does: Behaviour, start: int, stop: int, part: bool) -> None:
        self.send_response(206 if part else 200)
        self.send_header("Content-Type", does.content_type)
        if part:
            self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{len(does.body)}")
        if does.states_length and not does.endless:
            self.send_header("Content-Length", str(stop - start))
        for name, value in does.headers.items():
            self.send_header(name, value)
        self.end_headers()
        end = stop if does.truncated is None else min(stop, does.truncated)
        while True:
            self.send_body(path, does.body[start:end], does.bytes_per_s)
            if not does.endless or self.server.closing.is_set():
                break
        if does.hangs:
            self.server.closing.wait(30)

    def send_body(self, path: str, body: bytes, bytes_per_s: float) -> None:
        for place in range(0, len(body), PIECE):
            piece = body[place : place + PIECE]
            self.wfile.write(piece)
            self.server.sent[path] = self.server.sent.get(path, 0) + len(piece)
            if bytes_per_s:
                self.wfile.flush()
                if self.server.closing.wait(len(piece) / bytes_per_s):
                    return


def said_by(server: UploadServer) -> str:
    """All requests as text, to look for what should not be in them."""
    return json.dumps([(asked.path, asked.headers) for asked in server.log])
