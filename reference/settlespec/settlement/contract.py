"""What a settlement contract is to the base layer: a persistent object that is called."""

from typing import Protocol

from attrs import frozen

from settlespec.rules.base_fees import Gas
from settlespec.settlement.chain import Opening, Published, Sender


class Contract(Protocol):
    """A contract as the base layer sees it.

    Implementations are immutable and compare by value: the base layer keeps the contract of every block that is not final, and
    a reorganisation goes back to one of them. A call sees nothing but its arguments: no clock, no randomness.
    """

    def call(self, block: Opening, sender: Sender, payload: object, published: Published) -> "Called":
        """Execute one included transaction.

        Args:
            block: the block that includes it, as far as it is known when it executes.
            sender: who signed it.
            payload: what the sender hands over; anything, so an implementation refuses what it does not understand.
            published: the bytes that really went on chain with it.
        """


@frozen
class Called:
    """What a call did."""

    contract: Contract
    """The contract from now on; not looked at when the call reverted."""
    gas: Gas
    """What the call executed, beside calldata and the transaction itself."""
    tokens: int
    """The payload's own bytes as calldata tokens, rule BASE-6: the base layer does not look into payloads."""
    events: tuple[object, ...] = ()
    reverted: bool = False
    """The contract refused: the sender pays, nothing changes."""
