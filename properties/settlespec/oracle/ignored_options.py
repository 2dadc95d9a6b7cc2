"""An option that would change nothing is refused: whoever gave it would believe that it did."""

from pathlib import Path

import click
from click.core import ParameterSource


def refuse_ignored_options(flow: Path | None, preset: str) -> None:
    """Refuse what the running command was given and would not use.

    Raises:
        UsageError: naming the option, and what would give it a meaning.
    """
    if flow is not None:
        if preset != "standard":
            raise click.UsageError(f"a FLOW brings its own deployment: leave out --preset {preset}, or the FLOW")
        return
    if _given("round_seconds"):
        raise click.UsageError("--round-seconds is of a FLOW only: the flows of the presets bring their own rounds")
    if preset == "minimal" and _given("accounts"):
        raise click.UsageError("--accounts is not of the minimal preset, which has its own accounts: leave it out")


def _given(name: str) -> bool:
    return click.get_current_context().get_parameter_source(name) not in (None, ParameterSource.DEFAULT)
