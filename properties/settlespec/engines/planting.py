"""A faulty rule in place of the true one: for a process of its own, before anything there has imported the rules.

Laws and rules import rules by name, so a fault must be there at the import or it is not seen by all of them.
"""

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from types import ModuleType
from typing import Final

from attrs import frozen

PREMATURE: Final = ("settlespec.rules.", "settlespec.laws.")
"""Modules that must not be there yet, those of `settlespec.laws.statement` and this package excepted."""

STATEMENT: Final = "settlespec.laws.statement"


class PlantedTooLate(Exception):
    """Somebody has imported the rules already: a defect of whoever plants."""


@frozen
class Planted:
    """A module by name, with the text that it is to have."""

    module: str
    text: str


class _Planter(MetaPathFinder, Loader):
    """Finds one module, and loads another text for it."""

    def __init__(self, planted: Planted) -> None:
        self.planted = planted

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Know the planted module and no other."""
        return spec_from_loader(name, self) if name == self.planted.module else None

    def exec_module(self, module: ModuleType) -> None:
        """Run the planted text."""
        exec(compile(self.planted.text, f"<a mutant of {module.__name__}>", "exec"), module.__dict__)


def plant(planted: Planted) -> None:
    """Let every import of the module, from now on in this process, have the planted text.

    Raises:
        PlantedTooLate: a rule or a law has been imported.
    """
    present = sorted(name for name in sys.modules if name.startswith(PREMATURE) and name != STATEMENT)
    if present:
        raise PlantedTooLate(
            f"{planted.module} cannot be planted, since this process has imported {', '.join(present)}"
        )
    sys.meta_path.insert(0, _Planter(planted))
