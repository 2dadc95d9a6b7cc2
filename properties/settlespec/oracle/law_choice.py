"""Which laws a run is about: those that are asked for by id or by subject, and every canary."""

from collections.abc import Collection, Sequence
from difflib import get_close_matches
from typing import Final

import click

from settlespec.domain.errors import BadInput
from settlespec.laws.statement import Law
from settlespec.oracle.law_words import subject_of

NEAREST: Final = 5
"""So many names are offered in place of one that nobody knows."""


def laws_asked(
    ours: Sequence[Law], own: Sequence[Law], refused: Sequence[BadInput], wanted: Sequence[str], subjects: Sequence[str]
) -> tuple[Law, ...]:
    """Give the laws of a run; with laws of a user's own these alone, unless ids or subjects choose from both.

    Raises:
        BadInput: a file was refused, and without it there is nothing to ask, or nothing of the name that is asked for.
        UsageError: nobody knows the name.
    """
    if refused and not (own or wanted or subjects):
        raise refused[0]
    asked = wanted or (() if subjects else tuple(law.id for law in own))
    try:
        return choose_laws((*ours, *own), asked, subjects)
    except click.UsageError as unknown:
        if refused:
            raise refused[0] from unknown
        raise


def choose_laws(laws: Sequence[Law], wanted: Sequence[str], subjects: Sequence[str]) -> tuple[Law, ...]:
    """Give the laws asked for, all of them by default, and every canary: a run without them could not be believed.

    An id or a subject that nobody knows is wrong usage, and so is a question that leaves no law.
    """
    ids = _known(wanted, {law.id for law in laws}, "law", "`settlespec rules` lists them all")
    names = {subject_of(law) for law in laws}
    files = _known(subjects, names, "subject", f"there are: {', '.join(sorted(names))}")
    chosen = {law.id for law in laws if (not ids or law.id in ids) and (not files or subject_of(law) in files)}
    if not chosen:
        raise click.UsageError("no law has both this id and this subject")
    return tuple(law for law in laws if law.is_canary or law.id in chosen)


def _known(asked: Sequence[str], names: Collection[str], what: str, listed: str) -> frozenset[str]:
    """The names as they are written; another case will do where it is no other name."""
    found: set[str] = set()
    for word in asked:
        meant = {word} if word in names else {name for name in names if name.casefold() == word.casefold()}
        if not meant:
            raise click.UsageError(f"no {what} is called {word}{nearest(word, names)}; {listed}")
        found |= meant
    return frozenset(found)


def nearest(word: str, names: Collection[str]) -> str:
    """The few names that a word may stand for, in words; nothing where none is near."""
    folded = {name.casefold(): name for name in sorted(names)}
    near = [folded[name] for name in get_close_matches(word.casefold(), folded, NEAREST)]
    return f" (near it: {', '.join(near)})" if near else ""
