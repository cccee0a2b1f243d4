"""A model server on this machine that breaks off, lies, hangs and refuses as its tests ask it to."""

import hashlib
import re
import signal
import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np

from tavce.data.download import Patience
from tavce.data.registry import Weights

DATA = np.random.default_rng(0).bytes(1_200_000)  # several blocks, so that a break in the middle leaves some
SHA256 = hashlib.sha256(DATA).hexdigest()
QUICK = Patience(attempts=3, wait_s=0.01, longest_wait_s=0.05, connect_s=2.0, silence_s=0.3)


class Server(ThreadingHTTPServer):
    """Serves `files`, each request by the next word of `plan[path]`, "ok" when none is left."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = {"/model": DATA}
        self.plan: dict[str, list[str]] = {}
        self.ranges: list[str | None] = []
        self.sent = 0
        self.closing = threading.Event()
        self.part = Path()

    def handle_error(self, *_: object) -> None:
        pass  # a client that leaves in the middle is what these tests are about

    def address(self, path: str = "/model", *plan: str) -> str:
        self.plan[path] = list(plan)
        self.files.setdefault(path, DATA)
        return f"http://127.0.0.1:{self.server_port}{path}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        plan = self.server.plan.get(self.path, [])
        word = plan.pop(0) if plan else "ok"
        asked = self.headers.get("Range")
        self.server.ranges.append(asked)
        body = self.server.files[self.path]
        if word.isdecimal():
            self.send_response(int(word))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        start = int(re.fullmatch(r"bytes=(\d+)-", asked)[1]) if asked and word != "no range" else 0
        if start >= len(body):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(body)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(206 if start else 200)
        if word == "page":
            self.send_header("Content-Type", "text/html; charset=utf-8")
        if start:
            start -= 1 if word == "other range" else 0
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        if word != "no length":
            self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        self.send_body(body[start:], word)

    def send_body(self, body: bytes, word: str) -> None:
        if word in ("break", "hang", "interrupt"):
            body = body[: len(body) // 2]
        self.wfile.write(body)
        self.wfile.flush()
        self.server.sent += len(body)
        if word == "interrupt":
            while not (self.server.part.is_file() and self.server.part.stat().st_size):
                time.sleep(0.01)
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        if word in ("hang", "interrupt"):
            self.server.closing.wait(10)


def model(*addresses: str, **changes: object) -> Weights:
    whole = Weights(
        name="model",
        file="model.pth",
        addresses=addresses,
        bytes=len(DATA),
        sha256=SHA256,
        licence="MIT",
        used_by="tests",
    )
    return replace(whole, **changes)


def visible(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.startswith(".")}
