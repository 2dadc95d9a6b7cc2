"""Every rule that is a function, with its id and its subject: what a reading of the rules has to read."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from functools import cache
from typing import Any

from attrs import frozen


@frozen
class RuleFunction:
    """A function of `settlespec.rules`."""

    id: str
    """The id before the first sentence of its docstring."""
    subject: str
    """The module that it stands in."""
    function: Callable[..., Any]

    @property
    def name(self) -> str:
        """The name of the function; no two rules share one."""
        return self.function.__name__


@cache
def rule_functions() -> tuple[RuleFunction, ...]:
    """Give every public function of the rules, by subject, in the order in which they stand."""
    package = importlib.import_module("settlespec.rules")
    modules = [
        importlib.import_module(f"settlespec.rules.{found.name}") for found in pkgutil.iter_modules(package.__path__)
    ]
    return tuple(
        RuleFunction(inspect.getdoc(function).partition(":")[0], module.__name__.rpartition(".")[2], function)  # type: ignore[union-attr]
        for module in modules
        for name, function in vars(module).items()
        if inspect.isfunction(function) and function.__module__ == module.__name__ and not name.startswith("_")
    )
