"""HDTF's text files from a server, or from a folder that is there already."""

import hashlib
import json

import pytest

from tavce.data.hdtf.metadata import FILES, read_metadata
from tavce.data.hdtf.source import BASE, RECORD, fetch_metadata
from tavce.errors import InputError
from tests.data.hdtf.texts import TEXTS, write_texts
from tests.data.weights_server import QUICK, Server


@pytest.fixture
def base(server: Server) -> str:
    for name, text in TEXTS.items():
        server.files[f"/HDTF_dataset/{name}"] = text.encode()
    return server.address("/HDTF_dataset/").removesuffix("/")


def test_all_files_come_and_are_recorded(base, tmp_path):
    folder = fetch_metadata(tmp_path / "new" / "hdtf", base=base, patience=QUICK)
    assert read_metadata(folder) == read_metadata(write_texts(tmp_path / "local"))
    record = json.loads((folder / RECORD).read_text())
    assert record["address"] == base
    assert record["sha256"] == {name: hashlib.sha256(text.encode()).hexdigest() for name, text in TEXTS.items()}
    assert {path.name for path in folder.iterdir()} == {*FILES, RECORD}


def test_nothing_is_fetched_twice(base, server, tmp_path):
    fetch_metadata(tmp_path, base=base, patience=QUICK)
    asked = len(server.ranges)
    assert asked == 15
    fetch_metadata(tmp_path, base=base, patience=QUICK)
    assert len(server.ranges) == asked


def test_a_local_copy_is_taken_as_it_is(tmp_path):
    write_texts(tmp_path)
    fetch_metadata(tmp_path, base="http://127.0.0.1:9/nobody", patience=QUICK)
    assert not (tmp_path / RECORD).exists()


def test_a_broken_fetch_goes_on_where_it_stopped(base, server, tmp_path):
    server.address("/HDTF_dataset/WDA_crop_wh.txt", "404")
    with pytest.raises(InputError, match=r"WDA_crop_wh\.txt: answers 404; try again later"):
        fetch_metadata(tmp_path, base=base, patience=QUICK)
    there = {path.name for path in tmp_path.iterdir()}
    assert there == {*FILES[: FILES.index("WDA_crop_wh.txt")], RECORD}  # and nothing half-written
    asked = len(server.ranges)
    fetch_metadata(tmp_path, base=base, patience=QUICK)
    assert len(server.ranges) == asked + 15 - FILES.index("WDA_crop_wh.txt")
    assert set(json.loads((tmp_path / RECORD).read_text())["sha256"]) == set(FILES)


@pytest.mark.parametrize("word", ["break", "hang", "503"])
def test_a_passing_failure_is_tried_again(base, server, tmp_path, word):
    server.address(f"/HDTF_dataset/{FILES[0]}", word)
    fetch_metadata(tmp_path, base=base, patience=QUICK)
    assert (tmp_path / FILES[0]).read_bytes() == TEXTS[FILES[0]].encode()


def test_a_web_page_is_no_text_file(base, server, tmp_path):
    server.address(f"/HDTF_dataset/{FILES[0]}", "page")
    with pytest.raises(InputError, match="serves a web page"):
        fetch_metadata(tmp_path, base=base, patience=QUICK)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_changed_since_is_an_error(base, tmp_path):
    fetch_metadata(tmp_path, base=base, patience=QUICK)
    (tmp_path / "WRA_crop_wh.txt").write_text("MikeEnzi_0.mp4 1 9 1 9\n")
    with pytest.raises(InputError, match=r"WRA_crop_wh\.txt: is not what was fetched; delete it, to fetch it again"):
        fetch_metadata(tmp_path, base=base, patience=QUICK)
    (tmp_path / "WRA_crop_wh.txt").unlink()
    fetch_metadata(tmp_path, base=base, patience=QUICK)
    assert (tmp_path / "WRA_crop_wh.txt").read_text() == TEXTS["WRA_crop_wh.txt"]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"sha256": 1}'])
def test_a_damaged_record_is_an_error(tmp_path, text):
    (tmp_path / RECORD).write_text(text)
    with pytest.raises(InputError, match="is no record of fetched files"):
        fetch_metadata(tmp_path, base="http://127.0.0.1:9/nobody", patience=QUICK)


def test_the_address_is_pinned():
    assert BASE.startswith("https://raw.githubusercontent.com/MRzzm/HDTF/")
    assert len(BASE.split("/")[5]) == 40
