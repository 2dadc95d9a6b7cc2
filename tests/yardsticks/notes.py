"""What a mapping of foreign cases onto our rules does beyond renaming: each such line is named, counted, and shown."""

from collections import Counter
from collections.abc import Mapping

from attrs import Factory, define


@define
class Notes:
    """The non-trivial lines of one mapping, with the cases that used them."""

    lines: Mapping[str, str]
    """Every line by its name: what it does, in a sentence."""
    used: Counter[str] = Factory(Counter)

    def use(self, name: str) -> None:
        """A case uses this line; a line that is not declared is a mistake of the test."""
        if name not in self.lines:
            raise KeyError(f"the mapping has no line {name!r}")
        self.used[name] += 1

    def mapping_notes(self) -> list[str]:
        """One sentence a line, with how often the cases used it."""
        return [f"{self.used[name]:3} uses  {name}: {sentence}" for name, sentence in self.lines.items()]

    def never_used(self) -> list[str]:
        """Lines that no case needs."""
        return [name for name in self.lines if not self.used[name]]
