"""Models that come as an archive: a flat folder of members, each held to its bytes."""

import hashlib
import json
import zipfile
from pathlib import Path

import pytest

from tavce.data.fetch import fetch
from tavce.data.registry import File, Weights
from tavce.errors import InputError
from tests.data.weights_server import QUICK, Server, model, visible


def pack(path: Path, **files: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(f"pack/{name}.onnx", data)
    return path


def archive_of(data: bytes, *addresses: str, **changes: object) -> Weights:
    members = (File("a.onnx", 1, hashlib.sha256(b"a").hexdigest()), File("b.onnx", 1))
    known = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(), "members": members}
    return model(*addresses, **{"name": "pack", "file": "pack.zip", **known, **changes})


def test_archive_becomes_a_flat_folder(server: Server, tmp_path: Path):
    data = pack(tmp_path / "made.zip", a=b"a", b=b"b").read_bytes()
    server.files["/pack"] = data
    folder = tmp_path / "weights"
    inside = fetch(archive_of(data, server.address("/pack")), folder, patience=QUICK)
    assert {path.name: path.read_bytes() for path in inside.iterdir()} == {"a.onnx": b"a", "b.onnx": b"b"}
    assert visible(folder) == {"pack", "pins.json"}
    assert set(json.loads((folder / "pins.json").read_text())) == {"pack/b.onnx"}
    fetch(archive_of(data), folder)
    (inside / "b.onnx").write_bytes(b"c")
    with pytest.raises(InputError, match="recorded at the first fetch"):
        fetch(archive_of(data), folder)
    (inside / "b.onnx").unlink()
    with pytest.raises(InputError, match=r"lacks pack/b\.onnx; delete the folder"):
        fetch(archive_of(data), folder)


def test_archive_brought_by_hand_needs_no_network(tmp_path: Path):
    data = pack(tmp_path / "pack.zip", a=b"a", b=b"b").read_bytes()
    assert {path.name for path in fetch(archive_of(data), tmp_path).iterdir()} == {"a.onnx", "b.onnx"}
    assert (tmp_path / "pack.zip").exists()
    with pytest.raises(InputError, match=r"pack\.zip: sha256 is"):
        fetch(archive_of(data, sha256="0" * 64, name="again"), tmp_path)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"a": b"a"}, r"member b\.onnx is not in it"),
        ({"a": b"x", "b": b"b"}, r"member a\.onnx sha256 is"),
        ({"a": b"a", "b": b"bb"}, "unpacks to more than 2 bytes"),
    ],
)
def test_archive_with_other_members_is_refused(server: Server, tmp_path: Path, files: dict[str, bytes], words: str):
    data = pack(tmp_path / "made.zip", **files).read_bytes()
    server.files["/pack"] = data
    with pytest.raises(InputError, match=words):
        fetch(archive_of(data, server.address("/pack")), tmp_path / "weights", patience=QUICK)
    assert visible(tmp_path / "weights") == set()
