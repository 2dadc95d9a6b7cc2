"""What nobody may take out of a frozen rollup is read from its exit root."""

from attrs import evolve

from settlespec.commitment.hashes import SHA256
from settlespec.commitment.state_tree import state_tree
from settlespec.settlement.leaving import funds_of
from tests.machine.driver import Machine, future


def test_the_funds_under_a_root_are_insurance_treasury_and_pool_also_where_an_expiry_is_ahead() -> None:
    machine = Machine(listed=(future(4, expiry=70_000),)).deposit("ada", 1_000).insures(30)
    state = evolve(machine.state, treasury=5, funding_pool=7)
    assert state.next_expiry == 70_000
    assert funds_of(state_tree(state, SHA256)) == 30 + 5 + 7
