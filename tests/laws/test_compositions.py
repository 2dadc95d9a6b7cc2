"""The laws that say what the steps come to together: each is proved on every run, and everything else in the slow suite."""

import pytest

from settlespec.engines.proving import Status, prove
from settlespec.engines.replaying import replay
from settlespec.engines.sampling import SampleStatus, sample
from settlespec.laws.statement import Law, catalogue

LAWS = {stated.id: stated for stated in catalogue()}

TOGETHER = {
    "at rest nobody owes": "ROUND-1a",
    "bystanders never pay": "ROUND-1b",
    "from breach to execution it takes at most patience rounds and one": "LIQ-14a",
    "margin survives moves over many rounds": "MARGIN-3g",
    "nothing is paid twice": "VALID-12b",
    "everybody can be paid": "VALID-14a",
    "a signed round can be written down": "GENESIS-1c",
}


@pytest.mark.parametrize("identity", TOGETHER.values())
def test_each_composition_is_proved_with_a_witness_that_replays(identity: str):
    proof = prove(LAWS[identity])
    assert proof.status is Status.PROVED
    assert proof.witness is not None
    assert replay(LAWS[identity], proof.witness).witnesses


@pytest.mark.slow
@pytest.mark.parametrize(
    "stated", [stated for stated in LAWS.values() if not stated.is_canary], ids=lambda stated: stated.id
)
def test_every_law_is_proved_and_no_sample_breaks_it_or_starves(stated: Law):
    assert prove(stated).status is Status.PROVED
    assert sample(stated).status is SampleStatus.PASSED
