"""A fault: what is wrong with a bundle, and in which file."""

from __future__ import annotations


class Fault(Exception):
    """A bundle that does not hold: the file (its path in the bag, or "the archive"), and what is wrong with it."""

    def __init__(self, file: str, wrong: str) -> None:
        """Keep both; neither repeats anything of the file's content."""
        super().__init__(f"{file}: {wrong}")
        self.file = file
        self.wrong = wrong
