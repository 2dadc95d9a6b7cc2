"""What a law's sentence says its claims say too: a machine or a rule that does otherwise is refuted, by values that replay."""

import pytest

from settlespec.engines.proving import Status, prove
from settlespec.engines.replaying import replay
from settlespec.laws import funding, patience
from settlespec.laws.statement import Law, catalogue
from settlespec.machine.draft import Draft

LAWS = {stated.id: stated for stated in catalogue()}


def refuted(law: Law) -> bool:
    proof = prove(law)
    return (
        proof.status is Status.REFUTED
        and proof.counterexample is not None
        and replay(law, proof.counterexample).refutes
    )


def test_a_liquidation_that_leaves_the_orders_in_the_book_is_refuted(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Draft, "cancel_all", lambda *_: None)
    assert refuted(LAWS["ROUND-8b"])


@pytest.mark.parametrize(
    "paid", [lambda exact: exact * 0, lambda exact: exact // 10**30, abs], ids=["nothing", "little", "all"]
)
def test_funding_that_does_not_go_from_who_pays_to_who_receives_is_refuted(
    monkeypatch: pytest.MonkeyPatch, paid: object
):
    monkeypatch.setattr(funding, "payment", paid)
    assert refuted(LAWS["FUND-2b"])


@pytest.mark.parametrize("more", [-1, 1])
def test_patience_of_another_number_of_rounds_is_refuted(monkeypatch: pytest.MonkeyPatch, more: int):
    monkeypatch.setattr(patience, "beyond_patience", lambda rounds, granted: rounds > granted + more)
    assert refuted(LAWS["LIQ-14a"])
