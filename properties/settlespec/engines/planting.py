"""A faulty rule in place of the true one, for a process of its own: whoever has imported the rule, by whatever name, runs the fault.

Laws, rules and the machine import rules by name, so another function in the module would be seen by few of them. The function stays
and gets the code of its mutant.
"""

from importlib import import_module

from settlespec import arithmetic
from settlespec.engines.mutating import NAMES, Mutant


def plant(mutant: Mutant) -> None:
    """Let a rule of this process compute what its mutant computes, from now on.

    A rule is a function of a module that no decorator wraps and that reads nothing but its arguments and its module, so its code is
    all that it is.
    """
    module = import_module(mutant.module)
    mutated: dict[str, object] = {"__name__": mutant.module}
    exec(compile(mutant.text, f"<{mutant.id}>", "exec"), mutated)
    for name in NAMES:
        # The fault may call what the module has not imported.
        vars(module).setdefault(name, getattr(arithmetic, name))
    vars(module)[mutant.function].__code__ = mutated[mutant.function].__code__  # type: ignore[attr-defined]
