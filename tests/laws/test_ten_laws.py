"""The ten laws that everything else rests on stand in the catalogue, and Z3 proves each of them."""

import pytest

from settlespec.engines.proving import Status, prove
from settlespec.engines.replaying import replay
from settlespec.laws.statement import Law, catalogue

LAWS = {stated.id: stated for stated in catalogue()}

FIRST_TEN = {
    "a fill conserves": ("TRADE-3a",),
    "initial covers maintenance": ("MARGIN-5a",),
    "no bad debt within the maintenance move": ("MARGIN-3a",),
    "rounding never favours the account": (
        "FEE-1b",
        "FEE-2b",
        "FUND-3a",
        "LIQ-3b",
        "MARGIN-4a",
        "MARGIN-5b",
        "TRADE-3c",
    ),
    "funding is zero-sum": ("FUND-2a", "FUND-3b"),
    "the bankruptcy price is the least valid integer and StarkEx's": ("LIQ-4a", "LIQ-4b"),
    "an admitted risk-reducing fill never worsens the ratio": ("MARGIN-9a", "MARGIN-9b"),
    "what is owed is covered, by insurance, gains and haircut": ("LIQ-1a", "LIQ-3a", "LIQ-3c"),
    "an order is never overfilled through replace": ("TRADE-13a", "TRADE-13b"),
    "fee and rebate never cost the treasury": ("FEE-2a",),
}


@pytest.mark.parametrize("identity", [identity for ids in FIRST_TEN.values() for identity in ids])
def test_each_of_the_first_ten_laws_is_proved_with_a_witness_that_replays(identity: str):
    proof = prove(LAWS[identity])
    assert proof.status is Status.PROVED
    assert proof.witness is not None
    assert replay(LAWS[identity], proof.witness).witnesses


@pytest.mark.parametrize(
    "stated", [stated for stated in LAWS.values() if stated.is_canary], ids=lambda stated: stated.id
)
def test_each_canary_is_refuted_on_plain_integers(stated: Law):
    proof = prove(stated)
    assert proof.status is Status.REFUTED
    assert proof.counterexample is not None
    assert replay(stated, proof.counterexample).refutes
