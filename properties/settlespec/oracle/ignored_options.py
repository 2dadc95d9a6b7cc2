"""An option that would change nothing is refused: whoever gave it would believe that it did."""

from collections.abc import Collection
from pathlib import Path
from typing import Final

import click
from click.core import ParameterSource

OF_SETTLEMENT: Final = ("body", "witness_every", "ether_price", "batches")
"""Options of the way to finality."""


def refuse_ignored_options(flow: Path | None, preset: str, *, settled: bool) -> None:
    """Refuse what the running command was given and would not use.

    Args:
        flow: a file of order flow; None means the flow that the preset brings.
        preset: its name.
        settled: whether the flow is to be taken to finality.

    Raises:
        UsageError: naming the option, and what would give it a meaning.
    """
    for option in filter(_given, OF_SETTLEMENT):
        name = f"--{option.replace('_', '-')}"
        if not settled:
            raise click.UsageError(f"--no-settlement leaves out what {name} is about: leave out one of the two")
        if flow is not None and flow.is_fifo():
            raise click.UsageError(
                f"{name} is of the settlement, which needs a flow that is a file: a pipe is read once"
            )
    if flow is not None:
        if preset != "standard":
            raise click.UsageError(f"a FLOW brings its own deployment: leave out --preset {preset}, or the FLOW")
        return
    if _given("round_seconds"):
        raise click.UsageError("--round-seconds is of a FLOW only: the flows of the presets bring their own rounds")
    if preset == "minimal" and _given("accounts"):
        raise click.UsageError("--accounts is not of the minimal preset, which has its own accounts: leave it out")


def refuse_all_but(flag: str, used: Collection[str]) -> None:
    """Refuse whatever the running command was given beside a flag that uses a few options only.

    Raises:
        UsageError: naming the first option that would be ignored.
    """
    for parameter in click.get_current_context().command.params:
        if parameter.name and parameter.name not in used and _given(parameter.name):
            raise click.UsageError(f"{flag} would ignore {parameter.opts[0]}: leave out one of the two")


def _given(name: str) -> bool:
    return click.get_current_context().get_parameter_source(name) not in (None, ParameterSource.DEFAULT)
