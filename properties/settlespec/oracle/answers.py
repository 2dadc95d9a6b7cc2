"""What an invariant answered in a run."""

from attrs import frozen


@frozen
class Breakage:
    """The first time that an invariant did not hold."""

    operation: int
    """Its number, the first being 1."""
    invariant: str
    conjunct: str
    who: str
    left: str
    right: str
    command: str
    """What replays it."""

    def sentence(self) -> str:
        """One line: where, what, who, both sides."""
        who = f", {self.who}" if self.who else ""
        place = f"operation {self.operation:,}: {self.invariant}: {self.conjunct}{who}"
        return f"{place}: left {self.left}, right {self.right}"


@frozen
class InvariantFinding:
    """How often an invariant was asked, and what it answered."""

    id: str
    sentence: str
    incrementally: int
    """Predicates evaluated from what an operation changed, where there was something to judge."""
    in_full: int
    """Predicates evaluated when the whole state was recomputed."""
    broken: int
    """Violations."""
    first: Breakage | None

    @property
    def status(self) -> str:
        """`broken`, `never checked` or `holds`."""
        if self.broken:
            return "broken"
        return "holds" if self.incrementally or self.in_full else "never checked"
