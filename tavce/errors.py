"""The one error that bad input raises: what is wrong, with which file, and the way out, on one line."""

from pathlib import Path


class InputError(ValueError):
    """Input that cannot be used.

    Args:
        subject: the file, clip or parameter at fault.
        problem: what is wrong with it, with the values seen.
        remedy: what the user can do about it.

    The message is one line: ``subject: problem; remedy``.
    """

    def __init__(self, subject: str | Path, problem: str, remedy: str) -> None:
        self.subject, self.problem, self.remedy = str(subject), problem, remedy
        super().__init__(" ".join(f"{subject}: {problem}; {remedy}".split()))

    def __reduce__(self) -> tuple[type["InputError"], tuple[str, str, str]]:
        # The default would pickle the joined message as the only argument, and fail in a worker process.
        return InputError, (self.subject, self.problem, self.remedy)
