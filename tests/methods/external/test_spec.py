"""method.yaml: what is unknown, missing or of another type is named."""

import re
from pathlib import Path

import pytest

from tavce.errors import InputError
from tavce.methods.external.spec import Environment, Native, method_folders, read_spec
from tests.methods.external import toy


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The page's method."""
    made = tmp_path / "toytalk"
    (made / "patches").mkdir(parents=True)
    (made / "patches" / "mouth.diff").write_text(toy.PATCH)
    for name, text in zip(("method.yaml", "run.py"), toy.blocks(), strict=True):
        (made / name).write_text(text)
    return made


def change(folder: Path, old: str, new: str) -> None:
    text = (folder / "method.yaml").read_text()
    assert old in text
    (folder / "method.yaml").write_text(text.replace(old, new))


def test_page(folder: Path) -> None:
    spec = read_spec(folder)
    assert (spec.name, spec.label, spec.track) == ("toytalk", "ToyTalk", "one-shot with own pose")
    assert spec.environment == Environment("3.11", toy.requirements(), "", ())
    assert spec.native == Native(64, 64, 25.0)
    assert (spec.weights[0].file, spec.weights[0].sha256, spec.weights[0].non_commercial) == (
        "models/talker.bin",
        None,
        False,
    )
    assert (spec.sees_video, spec.seedable, spec.verified.run, spec.restrictions) == (False, True, False, ())
    assert method_folders(folder.parent) == [folder]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("label: ToyTalk\n", "", "the file has no key 'label'; see docs"),
        ("label: ToyTalk", "lable: ToyTalk", "the file has no key 'label'; did you write 'lable' for it?"),
        ("seedable: true", "seedable: true\ncolour: red", r"the file has unknown keys \['colour'\]; allowed keys: "),
        ("seedable: true", "seedable: true\nseedable: false", r"keys given twice: \['seedable'\]"),
        ('python: "3.11"', 'pyton: "3.11"', "section 'environment' has no key 'python'; did you write 'pyton'"),
        ("2.3.0]}", "2.3.0], build: [{package: x}]}", r"'environment.build\[0\]' has no key 'needs'"),
        ('python: "3.11"', "python: 3.11", r"'environment.python' is 3.11; give it a version in quotes"),
        ("track: one-shot with own pose", "track: best", "'track' is 'best'; give it one of"),
        ("seedable: true", 'seedable: "yes"', "'seedable' is 'yes'; give it true or false"),
        ("width: 64", "width: -1", "'native.width' is -1; give it a whole number above 0, or null"),
        ("fps: 25", "fps: .nan", "'native.fps' is nan; give it a number above 0"),
        ("bytes: null", "bytes: 0", r"'weights\[0\].bytes' is 0"),
        ("sha256: null", "sha256: abc", r"'weights\[0\].sha256' is 'abc'; give it 8 to 64 hex digits"),
        ("file: models/talker.bin", "file: ../talker.bin", "names '../talker.bin', which leaves the folder"),
        ("file: models/talker.bin", "file: /talker.bin", "which leaves the folder"),
        ("https://example.org", "file:///etc", r"'weights\[0\].address' is 'file:///etc/talker.bin'"),
        ("https://github.com/example/toytalk", "ext::sh -c id", "'repository' is 'ext::sh -c id'"),
        ("0" * 40, "main", "'commit' is 'main'; give it the hex digits"),
        ("patches/mouth.diff", "patches/eyes.diff", "names 'patches/eyes.diff', and there is no such file"),
        ("patches: [patches/mouth.diff]", "patches: none", "'patches' is 'none'; give it a list"),
        ("reason: the page that shows it does not run it", 'reason: ""', "false without a reason"),
        ("name: toytalk", "name: Toy", "'name' is 'Toy'"),
        ("name: toytalk", "name: toys", "'name' is 'toys'; give it the name of its folder"),
        ("name: toytalk", "name: [", "is not valid YAML"),
    ],
)
def test_what_is_wrong_is_named(folder: Path, old: str, new: str, said: str) -> None:
    change(folder, old, new)
    with pytest.raises(InputError, match=said) as caught:
        read_spec(folder)
    assert str(caught.value).startswith(str(folder / "method.yaml"))


def test_files_beside_it(folder: Path) -> None:
    change(folder, f"[{', '.join(toy.requirements())}]", "packages.txt")
    with pytest.raises(InputError, match=r"names 'packages.txt', and there is no such file"):
        read_spec(folder)
    (folder / "packages.txt").write_text("# comment\nav==17.0.0\n\nnumpy\n")
    assert read_spec(folder).environment.requirements == ("av==17.0.0", "numpy")
    (folder / "run.py").unlink()
    with pytest.raises(InputError, match=r"run.py: there is no such file"):
        read_spec(folder)


@pytest.mark.parametrize(
    ("licence", "restricted"),
    [
        ("MIT", False),
        ("Apache-2.0, third-party parts excepted", False),
        ("CreativeML OpenRAIL-M", False),
        ("CC BY-NC 4.0", True),
        ("CC BY-NC-SA 4.0", True),
        ("personal and research use (README)", True),
        ("noncommercial", True),
        ("none stated", True),
    ],
)
def test_licences_that_restrict_the_use(folder: Path, licence: str, restricted: bool) -> None:
    change(folder, "licence: MIT\nenv", f'licence: "{licence}"\nenv')
    assert read_spec(folder).restrictions == ((f"code: {licence}",) if restricted else ())


def test_keys_of_the_page_are_the_keys() -> None:
    page = toy.PAGE.read_text(encoding="utf-8").partition("## method.yaml")[2].partition("## run.py")[0]
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    keys = {key for row in rows for key in re.findall(r"`(\w+)`", row)} | {"label"}
    assert keys == {line.split(":")[0] for line in toy.blocks()[0].splitlines() if line[0].isalpha()}
