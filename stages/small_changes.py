"""Section `sensitivity` of params.yaml: which small changes of ground truth are scored."""

from dataclasses import dataclass

from tavce.methods.perturb import Change, Unchanged


@dataclass(frozen=True)
class Sensitivity:
    """What is changed, and on how many clips.

    Attributes:
        clips: at most so many, one per person.
        changes: name in the table -> change; none leaves the table out.
    """

    clips: int
    changes: dict[str, Change]

    def __post_init__(self) -> None:
        if self.clips < 1:
            raise ValueError(f"clips must be at least 1, got {self.clips}")
        if self.changes and sum(isinstance(change, Unchanged) for change in self.changes.values()) != 1:
            raise ValueError("one of the changes must be {name: unchanged}: the zero of all others")

    @property
    def zero(self) -> str:
        """Name of the unchanged clips; "" without any change."""
        return next((name for name, change in self.changes.items() if isinstance(change, Unchanged)), "")
