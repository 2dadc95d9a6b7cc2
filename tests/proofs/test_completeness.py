"""Whatever honest operations reach can be proven, wherever the batches are cut."""

import pytest

from settlespec.commitment.batch import Body
from settlespec.proofs.ideal import IdealProofs
from tests.proofs.sealed_runs import cuts, deployment


@pytest.mark.parametrize("body", list(Body))
def test_every_batch_of_a_random_run_is_provable(body: Body) -> None:
    here = deployment(body)
    ideal = IdealProofs(here, b"secret")
    batches = inside = started_inside = 0
    for seed, longest in ((1, 1), (2, 7), (3, 40)):
        for cut in cuts(seed, 400, longest, body):
            # The ideal system asks for a witness that the verifier of the other one accepts.
            assert ideal.verify(cut.statement, ideal.prove(cut.batch, cut.last))
            batches += 1
            inside += not cut.batch.header.at_rest
            started_inside += not cut.last.at_rest
    assert batches > 100
    assert inside > 10
    assert started_inside > 10
