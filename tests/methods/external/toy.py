"""A repository as others publish them, small: a talker that shifts its portrait sideways, and misbehaves on demand.

What it does follows from the name of the portrait, so that each clip of a test chooses its own misfortune.
"""

import os
import re
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pytest
import yaml

from tavce.errors import InputError
from tavce.methods.external.process import program
from tavce.methods.external.spec import Spec, read_spec
from tests.data.weights_server import Server

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "add-a-method.md"
ADDRESS = "https://github.com/example/toytalk"  # as the page has it; git is told where that lies
WEIGHTS = bytes([40])  # what is added to every pixel
DATE = "2020-01-01T00:00:00+0000"
PATCH = """\
--- a/toytalk/motion.py
+++ b/toytalk/motion.py
@@ -1,2 +1,2 @@
 # pixels per frame
-STEP = 1
+STEP = 3
"""
TALKER = '''\
"""A talker that shifts its portrait."""

import json
import os
import time

import av
import numpy as np

from toytalk.motion import STEP


class Talker:
    def __init__(self, weights, device):
        self.light = weights.read_bytes()[0]
        print("loaded", flush=True)

    def animate(self, image, audio, frames, out, seed):
        word = image.stem.split("-")[0]
        print("animating", word, flush=True)
        if word == "raises":
            raise RuntimeError("no face in this picture")
        if word == "crashes":
            print("out of memory", flush=True)
            os._exit(3)
        if word == "hangs":
            time.sleep(600)
        if word == "grows":
            with open(out.parents[2] / (audio.stem + ".part.mp4"), "wb") as file:
                while True:
                    file.write(bytes(1 << 16))
                    file.flush()
                    time.sleep(0.005)
        if word == "forges":
            line = {"status": "ok", "reason": "", "frames": 5, "fps": 25, "wall_s": 1, "peak_memory_mb": 1}
            with open(out.parents[2] / "manifest.jsonl", "a") as file:
                file.write(json.dumps({"clip_id": "../../../outside", **line}) + "\\n")
                file.write("{half of a li\\n")
        start = int(np.random.randint(0, 8))
        count = {"short": frames - 4, "long": frames + 7, "endless": 40 * frames}.get(word, frames)
        side = 96 if word == "large" else 64
        write(out, shifted(portrait(image, side), start, self.light, count), 50 if word == "fast" else 25)
        return out


def portrait(image, side):
    with av.open(str(image)) as file:
        return next(file.decode(video=0)).reformat(side, side, "rgb24").to_ndarray()


def shifted(picture, start, light, count):
    bright = np.minimum(picture.astype(np.int64) + light, 255).astype(np.uint8)
    return (np.roll(bright, start + STEP * k, axis=1) for k in range(count))


def write(path, pictures, rate):
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=rate, options={"crf": "0", "preset": "ultrafast"})
        stream.pix_fmt = "yuv444p"
        for number, picture in enumerate(pictures):
            if not number:
                stream.height, stream.width = picture.shape[:2]
            file.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        file.mux(stream.encode())
'''


@dataclass
class World:
    """What a method of others needs, all of it on this machine.

    Attributes:
        folder: of everything.
        server: of model files.
        commit: that is pinned.
        root: the folder `baselines` of a project.
    """

    folder: Path
    server: Server
    commit: str
    root: Path

    def enter(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let git, uv and the suite find what is here, and nothing else."""
        variables = {
            "TAVCE_BASELINES": self.folder / "cache",
            "UV_CACHE_DIR": self.folder / "uv",
            "UV_FIND_LINKS": self.folder / "wheels",
            "UV_OFFLINE": "1",
            "UV_PYTHON_DOWNLOADS": "never",
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
            "PATH": os.pathsep.join([os.environ["PATH"], str(Path(sys.executable).parent)]),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.file://{self.folder / 'upstream'}.insteadOf",
            "GIT_CONFIG_VALUE_0": ADDRESS,
        }
        for name, value in variables.items():
            monkeypatch.setenv(name, str(value))

    def method(self, name: str = "toytalk", changes: dict[str, str] | None = None) -> Spec:
        """Write the page's method under another name or with other words, and return it."""
        folder = self.root / name
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "patches").mkdir(parents=True)
        text, code = blocks()
        here = {
            "0" * 40: self.commit,
            "https://example.org": f"http://127.0.0.1:{self.server.server_port}",
            'python: "3.11"': f'python: "{this_python()}"',
            "name: toytalk": f"name: {name}",
        }
        for old, new in {**here, **(changes or {})}.items():
            assert old in text
            text = text.replace(old, new)
        (folder / "method.yaml").write_text(text)
        (folder / "run.py").write_text(code)
        (folder / "patches" / "mouth.diff").write_text(PATCH)
        return read_spec(folder)


@contextmanager
def made_world(folder: Path) -> Iterator[World]:
    """Write repository, wheels and our own part into `folder`, and serve the model file while the block runs."""
    for name in ("git", "uv"):
        try:
            program(name)
        except InputError as error:
            pytest.skip(f"methods of others cannot be prepared here: {error}")
    commit = make_repository(folder / "upstream")
    make_wheels(folder / "wheels", requirements())
    shutil.copytree(ROOT / "baselines" / "common", folder / "baselines" / "common")
    with Server() as server:
        server.files = {"/talker.bin": WEIGHTS}
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield World(folder, server, commit, folder / "baselines")
        server.closing.set()
        server.shutdown()
        thread.join()


def blocks() -> tuple[str, str]:
    """Return method.yaml and run.py as the page shows them."""
    found = re.findall(r"^```(yaml|python)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert [language for language, _ in found] == ["yaml", "python"]
    return found[0][1], found[1][1]


def requirements() -> tuple[str, ...]:
    """Return what the page's method.yaml requires."""
    return tuple(yaml.safe_load(blocks()[0])["environment"]["requirements"])


def make_repository(folder: Path) -> str:
    """Write the repository and return its commit; one more commit follows, which is not the pinned one."""
    (folder / "toytalk").mkdir(parents=True)
    (folder / "toytalk" / "__init__.py").write_text(TALKER)
    (folder / "toytalk" / "motion.py").write_text("# pixels per frame\nSTEP = 1\n")
    commit = commit_all(folder, first=True)
    (folder / "toytalk" / "motion.py").write_text("raise SystemExit('this is not the pinned commit')\n")
    commit_all(folder)
    return commit


def commit_all(folder: Path, first: bool = False) -> str:
    values = {"NAME": "Toy", "EMAIL": "toy@example.org", "DATE": DATE}
    who = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in values.items()}
    environment = {**os.environ, **who, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}

    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=folder, env=environment, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    if first:
        git("init", "--quiet", "--initial-branch=main")
    git("add", "--all")
    git("commit", "--quiet", "--message", "Toy")
    return git("rev-parse", "HEAD")


def make_wheels(folder: Path, wanted: tuple[str, ...]) -> None:
    """Write a wheel for each requirement that lends the tests' own package: real installs, no network, no copies."""
    lent = folder / "lent"
    lent.mkdir(parents=True)
    for module in (av, np):
        inside = Path(module.__file__).parent
        for path in (inside, inside.with_name(f"{inside.name}.libs")):
            if path.exists():
                (lent / path.name).symlink_to(path)
    for requirement in wanted:
        name, version = requirement.split("==")
        about = f"{name}-{version}.dist-info"
        files = {
            f"lent_{name}.pth": f"{lent}\n",
            f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
            f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        record = "".join(f"{file},,\n" for file in [*files, f"{about}/RECORD"])
        with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
            for file, text in {**files, f"{about}/RECORD": record}.items():
                wheel.writestr(file, text)


def this_python() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"
