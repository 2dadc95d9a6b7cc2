"""Where answers about laws are kept from one run to the next."""

import os
from collections.abc import Callable
from pathlib import Path

import click

from settlespec.engines.campaign import Effort
from settlespec.engines.remembering import KeptAnswers
from settlespec.oracle.consoles import printable
from settlespec.oracle.writing import CannotWrite, make_folder


def kept_answers(
    folder: Path | None, effort: Effort, *, refreshes: bool, complain: Callable[[str], None]
) -> KeptAnswers | None:
    """The answers of a folder, or of the usual one; without a place for them nothing is kept, and that is said.

    Raises:
        CannotWrite: a folder was named and cannot be written to.
    """
    try:
        place = usual_folder() if folder is None else folder
        make_folder(place)
    except CannotWrite as failure:
        if folder is not None:
            raise
        complain(f"no answer is kept: {failure}")
        return None
    return KeptAnswers(place, effort, complain, refreshes)


def usual_folder() -> Path:
    """``settlespec`` in ``XDG_CACHE_HOME``, or in ``.cache`` at home; a path that is not absolute counts as none.

    Raises:
        CannotWrite: there is no home.
    """
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if named.is_absolute():
        return named / "settlespec"
    try:
        return Path.home() / ".cache" / "settlespec"
    except RuntimeError as failure:
        raise CannotWrite("there is no home folder: set XDG_CACHE_HOME or give --cache") from failure


def warn(sentence: str) -> None:
    """Say in one line on the standard error what changes no answer."""
    click.echo(f"settlespec: {printable(sentence)}", err=True)
