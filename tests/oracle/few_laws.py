"""A catalogue of few laws, for tests of what `prove` does with any."""

import pytest

from settlespec.laws.statement import Law, catalogue
from settlespec.oracle import prove

FEW = ("ARITH-3b", "CANARY-1", "FEE-1a")


def few_laws(monkeypatch: pytest.MonkeyPatch) -> tuple[Law, ...]:
    """Let `prove` know three laws only, one of them a canary."""
    few = tuple(law for law in catalogue() if law.id in FEW)
    monkeypatch.setattr(prove, "catalogue", lambda: few)
    return few
