"""The method that docs/add-a-method.md shows, beside the repository and the server that it names."""

from collections.abc import Iterator

import pytest

from tests.methods.external.toy import World, made_world


@pytest.fixture(scope="session")
def kept_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The world of all tests here; what one of them prepares, the next finds."""
    with made_world(tmp_path_factory.mktemp("world")) as world:
        yield world


@pytest.fixture
def world(kept_world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The same, with the variables set that let git, uv and the suite find it."""
    kept_world.enter(monkeypatch)
    return kept_world
