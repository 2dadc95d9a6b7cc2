"""Who owns the orders of a flow that names nobody."""

from hashlib import blake2b
from typing import Final, Protocol

from attrs import frozen

from settlespec.domain.quantities import AccountId, ClientId
from settlespec.flows.book_event import Takes

TAKER_NAMES: Final = 2**63
"""Client ids of immediate-or-cancel orders start here, those of resting orders are the venue's ids and smaller."""


class Owners(Protocol):
    """Gives every order of a flow to an account."""

    def of_order(self, order_id: int) -> AccountId:
        """The owner of a resting order, the same through its whole life."""
        ...

    def of_aggressor(self, takes: Takes) -> AccountId:
        """The owner of an immediate-or-cancel order."""
        ...


@frozen
class SeededOwners:
    """FLOW-6: the venue's order with id i belongs to account BLAKE2b-64("seed:order:i") mod the number of accounts.

    An aggressor that the venue names is its order of that id; one that it does not name has "seed:line:l" hashed instead, l being its line.
    So an order that first rests and then takes keeps its owner, and nothing depends on what the flow holds besides.
    """

    seed: int
    accounts: int

    def of_order(self, order_id: int) -> AccountId:
        """The account that the order's id is hashed to."""
        return self._drawn(f"{self.seed}:order:{order_id}")

    def of_aggressor(self, takes: Takes) -> AccountId:
        """The account that the aggressor's id is hashed to, or its line where it has none."""
        if takes.aggressor_id is not None:
            return self.of_order(takes.aggressor_id)
        return self._drawn(f"{self.seed}:line:{takes.line}")

    def _drawn(self, text: str) -> AccountId:
        return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") % self.accounts


def taker_name(takes: Takes) -> ClientId:
    """The client id of an immediate-or-cancel order: its line, apart from the names of resting orders."""
    return TAKER_NAMES + takes.line
