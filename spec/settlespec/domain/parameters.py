"""The parameters of one deployment, fixed at genesis."""

from attrs import field, frozen
from attrs.validators import ge, gt, le

from settlespec.arithmetic import PPM
from settlespec.domain.orders import SelfTrade
from settlespec.domain.quantities import MAX_AMOUNT, Amount, Factor, Milliseconds


@frozen
class Oracles:
    """Whose statements count: `threshold` of `keys`, more than half (ORACLE-1)."""

    keys: tuple[bytes, ...]
    threshold: int

    def __attrs_post_init__(self) -> None:
        if not len(self.keys) < 2 * self.threshold <= 2 * len(self.keys):
            raise ValueError(f"threshold {self.threshold} is not more than half of {len(self.keys)} oracles")


@frozen
class Parameters:
    """What does not change while the rollup runs. Each limit says what would grow without it (GENESIS-1)."""

    chain: int
    rollup: int
    """Signatures and statements are bound to this chain and rollup."""
    oracles: Oracles
    self_trade: SelfTrade
    initial_factor_ppm: Factor = field(validator=ge(PPM))
    """The initial requirement as a multiple of maintenance, at least once."""
    max_age: Milliseconds = field(validator=gt(0))
    """Marks older than this judge no risk."""
    round_deadline: Milliseconds = field(validator=gt(0))
    """The longest funding interval. How long a forced request may wait for a round is its own deadline on the base layer (VALID-13)."""
    patience: int = field(validator=ge(0))
    """Rounds in a row for which the book may be asked before a close at the mark."""
    max_matches: int = field(validator=ge(1))
    """Fills of one placing, and of one account's liquidation in one round."""
    max_removals: int = field(validator=ge(1))
    """Orders of others that one placing may remove on its way; at least `max_orders_per_account`."""
    max_orders_per_account: int = field(validator=ge(1))
    max_orders_per_book: int = field(validator=ge(1))
    max_accounts: int = field(validator=ge(1))
    max_inbox: int = field(validator=ge(1))
    """Messages that may wait."""
    max_vault: Amount = field(validator=(ge(1), le(MAX_AMOUNT)))
    """Quantums held by the rollup; a deposit beyond it goes to the outbox."""
    expiry_lead: Milliseconds = field(default=0, validator=ge(0))
    """How long before its expiry a holding no longer offsets what outlives it (EXPIRY-6). With `patience` + 1 rounds in that time whoever
    lacks margin without the offset is closed before the other leg is bare; 0 keeps the offset until the expiry."""

    def __attrs_post_init__(self) -> None:
        if self.max_removals < self.max_orders_per_account:
            raise ValueError("max_removals must be at least max_orders_per_account")
