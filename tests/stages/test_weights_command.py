"""`tavce weights`: what it prints, and with which exit code it ends."""

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from stages.cli import main, parser
from stages.weights import run_weights
from tavce.data.registry import Entries, File, Weights
from tavce.errors import InputError
from tests.data.weights_server import Server, model

DATA = b"the bytes of a model"
MODEL = Weights(
    name="model",
    file="model.pth",
    bytes=len(DATA),
    sha256=hashlib.sha256(DATA).hexdigest(),
    addresses=(),
    licence="MIT",
    used_by="LSE",
)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TAVCE_WEIGHTS", str(tmp_path / "weights"))
    return tmp_path / "weights"


@pytest.fixture
def entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Entries]:
    """Entries whose files a local server has."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "model").write_bytes(DATA)
    handler = partial(Quiet, directory=str(tmp_path / "served"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        known = replace(MODEL, addresses=(f"http://127.0.0.1:{server.server_port}/model",))
        yield {
            "model": known,
            "new": replace(known, name="new", file="new.pth", sha256=None, bytes=None),
            "pack": replace(MODEL, name="pack", file="pack.zip", members=(File("a.onnx"), File("b.onnx"))),
            "faces": replace(known, name="faces", file="f.pth", licence="non-commercial only", non_commercial=True),
        }
        server.shutdown()
        thread.join()


def run(entries: Entries, *words: str) -> int:
    return run_weights(parser().parse_args(["weights", *words]), entries)


def test_fetch_verify_path(entries: Entries, folder: Path, capsys: pytest.CaptureFixture[str]):
    assert run(entries, "fetch", "model", "new") == 0
    shown = capsys.readouterr()
    assert shown.out.split() == [str(folder / "model.pth"), str(folder / "new.pth")]
    assert shown.err == ""  # the bar is for terminals
    assert run(entries, "path", "new") == 0
    assert capsys.readouterr().out.strip() == str(folder / "new.pth")
    assert run(entries, "verify") == 0
    states = {line.split()[1]: line.split()[0] for line in capsys.readouterr().out.splitlines()}
    absent = dict.fromkeys(("pack/a.onnx", "pack/b.onnx", "f.pth"), "absent")
    assert states == {"model.pth": "ok", "new.pth": "ok", **absent}


def test_verify_fails_on_other_bytes(entries: Entries, folder: Path, capsys: pytest.CaptureFixture[str]):
    run(entries, "fetch", "model", "new")
    (folder / "new.pth").write_bytes(DATA[::-1])
    (folder / "pack").mkdir()
    (folder / "pack" / "a.onnx").write_bytes(DATA)
    assert run(entries, "verify", "model") == 0
    capsys.readouterr()
    assert run(entries, "verify") == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("mismatch  new.pth  (sha256 is ")
    assert lines[2] == "unpinned  pack/a.onnx"
    with pytest.raises(InputError, match="recorded at the first fetch"):
        run(entries, "path", "new")


def test_verify_fails_if_what_is_named_is_absent(entries: Entries, folder: Path):
    assert run(entries, "verify") == 0
    assert run(entries, "verify", "model") == 1


def test_licence_is_named_and_accepted(entries: Entries, folder: Path):
    with pytest.raises(InputError, match=r"faces: its licence is: non-commercial only; .*--accept-non-commercial"):
        run(entries, "fetch", "faces")
    assert run(entries, "fetch", "faces", "--accept-non-commercial") == 0
    assert (folder / "f.pth").read_bytes() == DATA


def test_ctrl_c_says_what_is_kept(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Server() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        server.part = folder / ".model.pth.part"
        code = run({"model": model(server.address("/model", "interrupt"))}, "fetch", "model")
        server.closing.set()
        server.shutdown()
    assert code == 130
    kept = server.part.stat().st_size
    assert capsys.readouterr().err == f"interrupted; {kept} bytes of model.pth are kept for the next fetch\n"
    assert not (folder / "model.pth").exists()


def test_list(entries: Entries, folder: Path, capsys: pytest.CaptureFixture[str]):
    run(entries, "fetch", "new")
    (folder / "pack").mkdir()
    (folder / "pack" / "a.onnx").write_bytes(DATA)
    capsys.readouterr()
    assert run(entries, "list") == 0
    lines = [line.split("  ") for line in capsys.readouterr().out.splitlines()]
    rows = [[cell.strip() for cell in line if cell] for line in lines]
    assert rows[0] == ["name", "size", "present", "licence", "needed by"]
    assert rows[1] == ["model", "0.0 MB", "no", "MIT", "LSE"]
    assert rows[2] == ["new", "?", "yes", "MIT", "LSE"]
    assert rows[3][2] == "in part"
    assert rows[-1] == [f"folder: {folder}"]


def test_list_of_the_real_registry(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["weights", "list"]) == 0
    out = capsys.readouterr().out
    for name in ("face_landmarker", "syncnet_v2", "buffalo_l", "pt_inception", "non-commercial research only"):
        assert name in out
    assert not folder.exists()


@pytest.mark.parametrize("action", ["fetch", "verify", "path"])
def test_unknown_name(action: str, folder: Path):
    with pytest.raises(InputError, match="nothing: is neither a file nor a registered model; known names: face_land"):
        main(["weights", action, "nothing"])


def test_page_in_the_documentation_names_every_file():
    from tavce.data.registry import REGISTRY

    page = (Path(__file__).parents[2] / "docs" / "weights.md").read_text(encoding="utf-8")
    rows = {line.split("|")[1].strip(" `"): line for line in page.splitlines() if line.startswith("| `")}
    assert set(rows) == set(REGISTRY)
    for entry in REGISTRY.values():
        assert f"`{entry.place}" in rows[entry.name]
        assert entry.licence in rows[entry.name]
        assert (f"{entry.bytes:,}" if entry.bytes else "not published") in rows[entry.name]
        assert (entry.sha256 or "not published") in rows[entry.name]
