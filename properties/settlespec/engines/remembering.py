"""Answers kept from one run to the next, each about one text: of the law, of the rules that it calls, and of the engines.

One small JSON file per law. What it says is read as anything from outside is: bounded, typed, and its witness or counterexample
is run through the law again. What was answered about another text, or cannot be read, is asked afresh.
"""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec
from attrs import define, evolve, field, frozen

from settlespec.engines.arguments import structures_of
from settlespec.engines.campaign import Effort, Examination, Finding, Kept
from settlespec.engines.concolic import Search
from settlespec.engines.crosscheck import SecondOpinion
from settlespec.engines.kept_files import BadEntry, content_of
from settlespec.engines.plain_form import NotPlain, arguments_from_plain, as_plain
from settlespec.engines.proving import Proof
from settlespec.engines.replaying import replay
from settlespec.engines.sampling import Sample
from settlespec.engines.sources import NoDigest, Sources, sources_of, versions
from settlespec.laws.statement import BadStatement, Law
from settlespec.wire.whole_files import whole_file

FORMAT: Final = 1
"""Changes with the form of an entry: entries of another form are asked afresh."""

ENGINES: Final = ("settlespec.engines.campaign", "settlespec.engines.remembering")
"""Where the digest of the engines begins; what these import goes in too."""

MOST_BYTES: Final = 2**18
"""A longer file is no entry of ours."""

WORTH_KEEPING: Final = (Finding.PROVED, Finding.REFUTED, Finding.CAUGHT)
"""Answers with values that can be run again; the others are asked every time."""


@frozen
class Entry:
    """What a file says."""

    format: int
    key: str
    """The digest of everything that the answer depends on."""
    law: str
    when: str
    seconds: float
    proof: Proof
    opinion: SecondOpinion | None
    sample: Sample | None
    search: Search | None


@define
class KeptAnswers:
    """The answers of a folder, for one effort."""

    folder: Path
    effort: Effort
    complain: Callable[[str], None]
    """Told, in one line each, what could not be read or kept."""
    refreshes: bool = False
    """Whether what is kept is not looked at, only written."""
    _sources: dict[str, Sources | None] = field(factory=dict, init=False)
    _full: bool = field(default=False, init=False)
    """Whether the folder was found to take no more."""

    def recall(self, law: Law) -> Examination | None:
        """Give what was answered about this very text; None if nothing was, or nothing that could be believed."""
        sources = None if self.refreshes else self._sources_of(law)
        if sources is None:
            return None
        path = self._path(law)
        try:
            entry = _read(path)
            return None if entry is None or entry.key != self._key(law, sources) else _examination(law, entry)
        except BadEntry as reason:
            self.complain(f"{path}: not an entry of the cache ({reason}): {law.id} is asked afresh")
            return None

    def keep(self, examination: Examination) -> None:
        """Keep an answer that can be run again, unless its text changed while the engines read it."""
        law = examination.law
        sources = self._sources_of(law)
        if self._full or sources is None or not _is_worth_keeping(examination) or not sources.unchanged():
            return
        entry = Entry(
            format=FORMAT,
            key=self._key(law, sources),
            law=law.id,
            when=datetime.now(UTC).isoformat(timespec="seconds"),
            seconds=examination.seconds,
            proof=evolve(
                examination.proof,
                texts=(),
                counterexample=as_plain(examination.proof.counterexample),
                witness=as_plain(examination.proof.witness),
            ),
            opinion=examination.opinion,
            sample=_with_plain_example(examination.sample),
            search=_with_plain_example(examination.search),
        )
        path = self._path(law)
        try:
            with whole_file(path) as file:
                file.write(msgspec.json.encode(entry))
        except OSError as failure:
            self._full = True
            self.complain(f"{path}: no answer is kept from here on: {failure.strerror}")

    def _sources_of(self, law: Law) -> Sources | None:
        """What a reading of the law executes; None if no digest tells it."""
        if law.module not in self._sources:
            try:
                self._sources[law.module] = sources_of((law.module, *ENGINES))
            except (NoDigest, OSError, SyntaxError) as reason:
                self.complain(f"{law.module}: its laws are asked every time: {reason}")
                self._sources[law.module] = None
        return self._sources[law.module]

    def _key(self, law: Law, sources: Sources) -> str:
        return _digest(FORMAT, law.id, law.module, law.function.__qualname__, sources.digest, versions(), self._asked)

    @property
    def _asked(self) -> Effort:
        """The effort, as far as an answer depends on it."""
        return evolve(self.effort, exports=False)

    def _path(self, law: Law) -> Path:
        """One file for each law and effort: a new answer takes the place of one about an older text."""
        readable = "".join(letter for letter in law.id if letter.isascii() and (letter.isalnum() or letter == "-"))
        return self.folder / f"{readable[:40]}.{_digest(law.id, law.module, self._asked)[:16]}.json"


def _digest(*parts: object) -> str:
    return sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _is_worth_keeping(examination: Examination) -> bool:
    """A sampler that was ended from outside said nothing: next time it may."""
    return examination.finding in WORTH_KEEPING and examination.sample is not None


def _with_plain_example(found: Any) -> Any:
    return None if found is None else evolve(found, example=as_plain(found.example))


def _read(path: Path) -> Entry | None:
    """Read a file; None if there is none.

    Raises:
        BadEntry: it cannot be read as an entry, or says something of another form.
    """
    try:
        content = content_of(path, MOST_BYTES)
    except FileNotFoundError:
        return None
    try:
        return msgspec.json.decode(content, type=Entry)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError) as failure:
        raise BadEntry(" ".join(str(failure).split())) from failure


def _examination(law: Law, entry: Entry) -> Examination:
    """Give the answer of an entry whose values still show what it says.

    Raises:
        BadEntry: they do not.
    """
    if entry.format != FORMAT or entry.law != law.id:
        raise BadEntry("an entry of another law")
    if not (math.isfinite(entry.seconds) and entry.seconds >= 0):
        raise BadEntry("a time that nothing takes")
    try:
        when = datetime.fromisoformat(entry.when).astimezone(UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError) as failure:
        raise BadEntry("a time that no clock shows") from failure
    examination = Examination(
        law=law,
        proof=evolve(
            entry.proof,
            texts=(),
            counterexample=_arguments(law, entry.proof.counterexample, refutes=True),
            witness=_arguments(law, entry.proof.witness, refutes=False),
        ),
        opinion=entry.opinion,
        sample=_with_arguments(law, entry.sample),
        search=_with_arguments(law, entry.search),
        seconds=entry.seconds,
        kept=Kept(when, entry.seconds),
    )
    if examination.finding not in WORTH_KEEPING:
        raise BadEntry(f"{examination.finding} is not kept")
    if examination.finding is Finding.PROVED and examination.proof.witness is None:
        raise BadEntry("a proof without a witness")
    if examination.finding is not Finding.PROVED and _shown(examination) is None:
        raise BadEntry("a refutation without a counterexample")
    return examination


def _shown(examination: Examination) -> Mapping[str, object] | None:
    """A counterexample of any engine."""
    found = (
        examination.proof.counterexample,
        *(one.example for one in (examination.sample, examination.search) if one),
    )
    return next((example for example in found if example is not None), None)


def _with_arguments(law: Law, found: Any) -> Any:
    return None if found is None else evolve(found, example=_arguments(law, found.example, refutes=True))


def _arguments(law: Law, plain: object, *, refutes: bool) -> dict[str, Any] | None:
    """Give arguments back, run through the law once more.

    Raises:
        BadEntry: they do not show what the entry says.
    """
    if plain is None:
        return None
    try:
        arguments = arguments_from_plain(structures_of(law.arguments), plain)
        replayed = replay(law, arguments)
    except (NotPlain, BadStatement) as failure:
        raise BadEntry(str(failure)) from failure
    if not (replayed.refutes if refutes else replayed.witnesses):
        raise BadEntry(f"its {'counterexample' if refutes else 'witness'} does not replay: {replayed.outcome}")
    return arguments
