"""One section of a YAML file, read key by key: each key once, with its type, and none left over."""

import difflib
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from tavce.errors import InputError

T = TypeVar("T")


class Section:
    """A mapping of a YAML file whose keys are taken out one after the other.

    Args:
        file: that errors name.
        where: its dotted place in the file, "" at the top.
        value: as YAML gave it.

    Raises:
        InputError: `value` is no mapping.
    """

    def __init__(self, file: Path, where: str, value: object) -> None:
        if not isinstance(value, dict):
            raise InputError(file, f"'{where or 'top level'}' is {value!r}", "give it a section with keys")
        self.file, self.where = file, where
        self._left = {str(key): inner for key, inner in value.items()}
        self._known: list[str] = []

    def __contains__(self, key: str) -> bool:
        self._known.append(key)
        return key in self._left

    def take(self, key: str) -> object:
        """Return the value of `key`.

        Raises:
            InputError: it is missing; a key that looks like it is named.
        """
        self._known.append(key)
        if key not in self._left:
            near = difflib.get_close_matches(key, self._left, 1)
            remedy = f"did you write {near[0]!r} for it?" if near else "see docs/add-a-method.md for all keys"
            raise InputError(self.file, f"{self._here()} has no key {key!r}", remedy)
        return self._left.pop(key)

    def close(self) -> None:
        """Refuse keys that nobody took.

        Raises:
            InputError: there are some.
        """
        if self._left:
            problem = f"{self._here()} has unknown keys {sorted(self._left)}"
            raise InputError(self.file, problem, f"allowed keys: {sorted(set(self._known))}")

    def closed(self, result: T) -> T:
        """Return `result`, after `close`."""
        self.close()
        return result

    def text(self, key: str, *, empty: bool = False) -> str:
        """Return a string, of more than blanks unless `empty`."""
        value = text_of(self.take(key), self.file, self._name(key))
        if not value and not empty:
            raise self.wrong(key, value, "words")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of strings, which may be empty."""
        return tuple(text_of(each, self.file, self._name(key)) for each in self._list(key))

    def matching(self, key: str, pattern: re.Pattern[str], expected: str) -> str:
        """Return a string that fits `pattern` as a whole."""
        value = self.take(key)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise self.wrong(key, value, expected)
        return value

    def one_of(self, key: str, allowed: Sequence[str]) -> str:
        """Return one of some strings."""
        value = self.take(key)
        if not isinstance(value, str) or value not in allowed:
            raise self.wrong(key, value, f"one of {list(allowed)}")
        return value

    def flag(self, key: str) -> bool:
        """Return true or false."""
        value = self.take(key)
        if not isinstance(value, bool):
            raise self.wrong(key, value, "true or false")
        return value

    def whole_or_none(self, key: str) -> int | None:
        """Return a whole number above 0, or None for null."""
        value = self.take(key)
        if value is not None and (type(value) is not int or value < 1):
            raise self.wrong(key, value, "a whole number above 0, or null")
        return value

    def number_or_none(self, key: str) -> float | None:
        """Return a number above 0, or None for null."""
        value = self.take(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value <= 0:
            raise self.wrong(key, value, "a number above 0, or null")
        return float(value)

    def section(self, key: str) -> "Section":
        """Return a section inside this one."""
        return Section(self.file, self._name(key), self.take(key))

    def sections(self, key: str) -> list["Section"]:
        """Return a list of sections, which may be empty."""
        return [Section(self.file, f"{self._name(key)}[{n}]", each) for n, each in enumerate(self._list(key))]

    def wrong(self, key: str, value: object, expected: str) -> InputError:
        """Return the error of a value that is not what it should be."""
        return InputError(self.file, f"'{self._name(key)}' is {value!r}", f"give it {expected}")

    def _list(self, key: str) -> list[object]:
        value = self.take(key)
        if not isinstance(value, list):
            raise self.wrong(key, value, "a list")
        return value

    def _name(self, key: str) -> str:
        return f"{self.where}.{key}".strip(".")

    def _here(self) -> str:
        return f"section '{self.where}'" if self.where else "the file"


def text_of(value: object, file: Path, where: str) -> str:
    """Return `value` without blanks around it.

    Raises:
        InputError: it is no string.
    """
    if not isinstance(value, str):
        raise InputError(file, f"'{where}' is {value!r}", "give it words (in quotes, if they look like a number)")
    return value.strip()
