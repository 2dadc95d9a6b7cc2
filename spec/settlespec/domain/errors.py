"""Errors in what somebody handed us: said in one line, with the place and, where it is known, the remedy."""


class Malformed(Exception):
    """An operation that cannot be decoded, so that no rule was asked about it.

    Whoever reads a file turns it into `BadInput`, which knows the place.
    """

    def __init__(self, problem: str, *, field: str | None = None, remedy: str | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        """What is wrong, in words."""
        self.field = field
        """The path of the field, from the outermost record inwards: ``message.amount``, ``quotes[0].mark``."""
        self.remedy = remedy
        """What to do about it."""

    def within(self, field: str) -> "Malformed":
        """The same error, seen from the record that holds the malformed one in this field."""
        inner = self.field or ""
        path = f"{field}{inner}" if inner.startswith("[") or not inner else f"{field}.{inner}"
        return Malformed(self.problem, field=path, remedy=self.remedy)

    def __str__(self) -> str:
        """One line: ``field: problem; remedy``, leaving out what is not known."""
        sentence = self.problem if self.field is None else f"{self.field}: {self.problem}"
        return sentence if self.remedy is None else f"{sentence}; {self.remedy}"

    def __reduce__(self) -> tuple[object, ...]:
        """Keep every field when the error crosses a process boundary."""
        return (_malformed, (self.problem, self.field, self.remedy))


class BadInput(Exception):
    """Data that is refused, with what a person needs to find and to mend it.

    Distinct from a rejection, which is an answer of the exchange to a well-formed operation, and from a defect of ours.
    """

    def __init__(
        self,
        problem: str,
        *,
        file: str | None = None,
        line: int | None = None,
        field: str | None = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(problem)
        self.problem = problem
        """What is wrong, in words."""
        self.file = file
        """The file it stands in, as the user named it."""
        self.line = line
        """The line in that file, the first being 1."""
        self.field = field
        """The column, key or argument."""
        self.remedy = remedy
        """What to do about it."""

    def __str__(self) -> str:
        """One line: ``file:line: field: problem; remedy``, leaving out what is not known."""
        place = "" if self.file is None else self.file
        if self.line is not None:
            place = f"{place}:{self.line}" if place else f"line {self.line}"
        parts = [part for part in (place, self.field, self.problem) if part]
        sentence = ": ".join(parts)
        if self.remedy:
            sentence = f"{sentence}; {self.remedy}"
        return " ".join(sentence.split())

    def __reduce__(self) -> tuple[object, ...]:
        """Keep every field when the error crosses a process boundary."""
        fields = {"file": self.file, "line": self.line, "field": self.field, "remedy": self.remedy}
        return (_bad_input, (self.problem, fields))


def _malformed(problem: str, field: str | None, remedy: str | None) -> Malformed:
    return Malformed(problem, field=field, remedy=remedy)


def _bad_input(problem: str, fields: dict[str, object]) -> BadInput:
    return BadInput(problem, **fields)  # type: ignore[arg-type]
