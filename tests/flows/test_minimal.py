"""The random walk over the preset where everything is tiny."""

from settlespec.domain.operations import Operation
from settlespec.flows.minimal import MinimalFlow
from settlespec.flows.session import Session
from settlespec.machine.signatures import Ideal


def walked(seed: int, operations: int = 400) -> list[Operation]:
    flow, signer = MinimalFlow(seed, operations), Ideal()
    session = Session(flow.genesis(signer), signer)
    made = []
    for operation in flow.operations(session):
        session.submit(operation)
        made.append(operation)
    return made


def test_the_same_seed_walks_the_same_way_and_another_seed_another() -> None:
    assert walked(1) == walked(1)
    assert walked(1) != walked(2)


def test_it_makes_as_many_operations_as_it_says() -> None:
    assert len(walked(3)) == MinimalFlow(3, 400).expected() == 400
