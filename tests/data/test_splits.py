"""Split lists: seeded, whole identities and uploads, and refused where they leak."""

import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tavce.data import splits as module
from tavce.data.splits import (
    Segment,
    SplitRow,
    by_key,
    check_leakage,
    hash_order,
    make_splits,
    read_splits,
    united,
    write_splits,
)
from tavce.errors import InputError

SHARES = {"train": 0.7, "val": 0.1, "test": 0.2}
PEOPLE = [Segment(f"upload{k:02}", float(s), s + 10.0, f"person{k // 2:02}") for k in range(40) for s in (0, 20)]
NAMES = st.sampled_from([f"n{k}" for k in range(12)])
SEGMENTS = st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=40).map(
    lambda pairs: [Segment(f"u{upload}", float(k), k + 1.0, who) for k, (who, upload) in enumerate(pairs)]
)


def test_shares_are_those_asked_for():
    rows = make_splits(PEOPLE, 0, SHARES)
    split_of = {row.segment.identity: row.split for row in rows}
    assert Counter(split_of.values()) == {"train": 14, "val": 2, "test": 4}
    assert len(rows) == len(PEOPLE)


def test_known_answer_and_another_seed():
    def test_people(seed: int) -> set[str]:
        return {row.segment.identity for row in make_splits(PEOPLE, seed, SHARES) if row.split == "test"}

    assert test_people(0) == KNOWN
    assert test_people(1) != KNOWN


KNOWN = {"person01", "person02", "person08", "person19"}


@settings(max_examples=200, deadline=None, derandomize=True)
@given(segments=SEGMENTS, seed=st.integers(0, 3), order=st.randoms(use_true_random=False))
def test_no_leak_and_no_matter_of_order(segments, seed, order):
    rows = make_splits(segments, seed, SHARES)
    check_leakage(rows, "rows")
    assert {row.segment for row in rows} == set(segments)
    shuffled = list(segments)
    order.shuffle(shuffled)
    assert make_splits(shuffled, seed, SHARES) == rows


def test_a_split_by_rows_would_leak():
    draw = random.Random(0)
    rows = [SplitRow(each, draw.choice(("train", "test"))) for each in PEOPLE]
    with pytest.raises(InputError, match=r"identity 'person00' is in test and train \(\d+ such in all\)"):
        check_leakage(rows, "rows")


@settings(max_examples=100, deadline=None, derandomize=True)
@given(count=st.integers(2, 60), new=st.text("abc", min_size=1), seed=st.integers(0, 9))
def test_one_more_identity_moves_at_most_one_across_each_cut(count, new, seed):
    people = [Segment(f"u{k}", 0.0, 1.0, f"p{k}") for k in range(count)]
    before = {row.segment: row.split for row in make_splits(people, seed, SHARES)}
    after = {row.segment: row.split for row in make_splits([*people, Segment("new", 0.0, 1.0, new)], seed, SHARES)}
    assert sum(before[each] != after[each] for each in people) <= 2


def test_a_draw_without_ranking_would_move_many():
    def drawn(count: int) -> list[str]:
        names = [f"p{k:02}" for k in range(100, 100 - count, -1)]
        random.Random(0).shuffle(names)
        return names

    assert len(set(drawn(60)[:12]) - set(drawn(61)[:12])) > 2


def test_uploads_tie_identities_together():
    pairs = [("b", "1"), ("c", "1"), ("c", "2"), ("a", "2"), ("z", "3"), ("y", "4")]
    assert united(pairs) == {"a": "a", "b": "a", "c": "a", "z": "z", "y": "y"}
    assert united(reversed(pairs)) == united(pairs)
    rows = make_splits([Segment(upload, 0.0, 1.0, who) for who, upload in pairs[:4:3]], 0, {"train": 0.5, "test": 0.5})
    assert {row.split for row in rows} == {"train", "test"}  # without the two rows between them, they are apart


def test_an_equal_segment_is_one_row_and_of_two_identities_an_error():
    part = Segment("u", 0.0, 1.0, "a")
    assert len(make_splits([part, part], 0, {"test": 1.0})) == 1
    with pytest.raises(InputError, match="lists u 0-1 s twice"):
        make_splits([part, replace(part, identity="b")], 0, {"test": 1.0})


@pytest.mark.parametrize("shares", [{}, {"train": 0.5}, {"train": 1.0, "test": 0.0}, {"train": 1.5, "test": -0.5}])
def test_shares_that_are_none(shares):
    with pytest.raises(ValueError, match=r"must be above 0, and 1 in sum"):
        make_splits(PEOPLE, 0, shares)


def test_hash_order_is_uniform_and_fixed():
    values = sorted(hash_order(f"key{k}", 0) for k in range(4000))
    assert all(abs(value - (k + 0.5) / 4000) < 0.04 for k, value in enumerate(values))  # Kolmogorov-Smirnov, p < 1e-5
    assert 0 <= values[0] < values[-1] < 1
    assert hash_order("key", 0) == HASHED
    assert hash_order("key", 1) != HASHED


HASHED = 0.41014721045916225  # the first 8 bytes of sha256("0:key") over 2**64


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"identity": "person00"}, "identity 'person00' is in test and train"),
        ({"source": "upload00"}, "upload 'upload00' is in test and train"),
    ],
)
def test_a_leak_is_named_and_neither_written_nor_read(tmp_path, change, problem):
    one, two = PEOPLE[0], PEOPLE[4]
    rows = [SplitRow(one, "train"), SplitRow(replace(two, start_s=50.0, end_s=60.0, **change), "test")]
    with pytest.raises(InputError, match=problem):
        write_splits(rows, tmp_path / "list.csv")
    assert not (tmp_path / "list.csv").exists()
    text = "".join(
        f"{r.segment.source},{r.segment.start_s},{r.segment.end_s},{r.segment.identity},{r.split}\n" for r in rows
    )
    (tmp_path / "list.csv").write_text(f"source,start_s,end_s,identity,split\n{text}")
    with pytest.raises(InputError, match=problem):
        read_splits(tmp_path / "list.csv")
    check_leakage([rows[0], SplitRow(two, "test")], "rows")  # without the change there is none


def test_written_and_read_again(tmp_path):
    rows = make_splits([*PEOPLE, Segment("-x,y", 0.04, 28.6, 'a "b", c')], 0, SHARES)
    write_splits(reversed(rows), tmp_path / "list.csv")
    assert read_splits(tmp_path / "list.csv") == rows
    lines = (tmp_path / "list.csv").read_bytes().decode().split("\n")
    assert lines[0] == "source,start_s,end_s,identity,split"
    assert lines[1].startswith('"-x,y",0.04,28.6,"a ""b"", c",')
    assert lines[2] == f"upload00,0,10,person00,{by_key(rows, 'rows')['upload00', 0.0, 10.0]}"
    write_splits(rows, tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_bytes() == (tmp_path / "list.csv").read_bytes()


def test_a_list_from_a_spreadsheet(tmp_path):
    (tmp_path / "list.csv").write_bytes(
        b"\xef\xbb\xbfsplit,note,identity,source,start_s,end_s\r\ntest,hello,a,u, 1.50 ,3\r\n\r\n"
    )
    assert read_splits(tmp_path / "list.csv") == [SplitRow(Segment("u", 1.5, 3.0, "a"), "test")]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", r"has columns \[\]"),
        ("source,start_s,end_s,split\nu,0,1,test\n", "has columns"),
        ("source,start_s,end_s,identity,split\nu,0,1,a\n", "line 2 has empty fields, or too many"),
        ("source,start_s,end_s,identity,split\nu,0,1,a,test,x\n", "line 2 has empty fields, or too many"),
        ("source,start_s,end_s,identity,split\nu,0,1,,test\n", "line 2 has empty fields, or too many"),
        ("source,start_s,end_s,identity,split\n ,0,1,a,test\n", "line 2 is no part of an upload"),
        (
            "source,start_s,end_s,identity,split\nu,0,1,a,dev\n",
            "line 2 has split 'dev'; choose one of train, val, test",
        ),
        ("source,start_s,end_s,identity,split\nu,x,1,a,test\n", "line 2 has 'x' for a time"),
        ("source,start_s,end_s,identity,split\nu,nan,1,a,test\n", "line 2 has 'nan' for a time"),
        ("source,start_s,end_s,identity,split\nu,0,inf,a,test\n", "line 2 has 'inf' for a time"),
        ("source,start_s,end_s,identity,split\nu,-1,1,a,test\n", "line 2 has '-1' for a time"),
        ("source,start_s,end_s,identity,split\nu,2,1,a,test\n", "line 2 is no part of an upload: 'u' 2-1 s"),
        ("source,start_s,end_s,identity,split\nu,0,1,a,test\nu,0.0,1,a,test\n", "lists u 0-1 s twice"),
    ],
)
def test_malformed_lists(tmp_path, text, problem):
    (tmp_path / "list.csv").write_text(text)
    with pytest.raises(InputError, match=problem):
        read_splits(tmp_path / "list.csv")


def test_a_list_that_is_not_there_or_no_text(tmp_path):
    with pytest.raises(InputError, match="there is no such split list"):
        read_splits(tmp_path / "list.csv")
    (tmp_path / "list.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="cannot be read"):
        read_splits(tmp_path / "list.csv")


@settings(max_examples=200, deadline=None, derandomize=True)
@given(text=st.text(max_size=80), header=st.booleans())
def test_no_text_makes_the_reader_crash(tmp_path_factory, text, header):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(("source,start_s,end_s,identity,split\n" * header + text).encode(errors="surrogatepass"))
    for read in (read_splits, module.test_identities):
        try:
            read(path)
        except InputError:
            continue


def test_lists_of_identities(tmp_path):
    (tmp_path / "people.csv").write_text("identity,split\nid10270,test\nid10001,train\n")
    assert module.test_identities(tmp_path / "people.csv") == {"id10270": "test", "id10001": "train"}
    (tmp_path / "people.csv").write_text("identity,split\nid10270,test\nid10270,train\n")
    with pytest.raises(InputError, match="line 3 gives identity 'id10270' again"):
        module.test_identities(tmp_path / "people.csv")


def shipped() -> list[Path]:
    return sorted((Path(__file__).parents[2] / "datasets" / "splits").glob("hdtf*.csv"))


@pytest.mark.parametrize("path", shipped(), ids=lambda path: path.stem)
def test_the_shipped_lists_do_not_leak(path):
    rows = read_splits(path)  # which checks
    assert {row.split for row in rows} == {"train", "val", "test"}
    assert all(row.split == "train" for row in rows if row.segment.identity.startswith("Radio"))
    torn = [replace(rows[0], split="test" if rows[0].split == "train" else "train"), *rows[1:]]
    alone = sum(row.segment.identity == rows[0].segment.identity for row in rows) == 1
    if not alone:
        with pytest.raises(InputError):
            check_leakage(torn, path)


def test_the_shipped_lists_agree():
    whole, first = (read_splits(path) for path in shipped())
    split_of = {row.segment.identity: row.split for row in whole}
    assert all(row.split == split_of[row.segment.identity] for row in first)
    starts = {(row.segment.source, row.segment.start_s) for row in whole}
    assert all((row.segment.source, row.segment.start_s) in starts for row in first)
    assert all(row.segment.end_s - row.segment.start_s == 8.0 for row in first)  # the shortest segment has 10 s
    assert (len(whole), len(first)) == (435, 368)
