"""One step's events walked in order beside balances and a shadow book, so that each is judged when it happens."""

from collections.abc import Callable

from settlespec.domain.messages import Message, Received
from settlespec.domain.operations import Operation
from settlespec.domain.orders import Removal, Side
from settlespec.domain.outcomes import Accepted
from settlespec.domain.reasons import Reason
from settlespec.domain.state import State
from settlespec.invariants.cards import Asked, Card, Figure, Violation
from settlespec.invariants.measures import Balance, strictly_reduces
from settlespec.invariants.shadow import Shadow, ShadowOrder
from settlespec.invariants.sheet import Sheet

Verify = Callable[[bytes, bytes, bytes], bool]
"""Whether the holder of a key signed a content: key, content, signature."""


class Walk:
    """What is known while the events of one accepted operation are walked."""

    __slots__ = (
        "after",
        "arrival",
        "asked",
        "assessed",
        "balances",
        "before",
        "claims",
        "clears",
        "factor",
        "instruments",
        "markets",
        "matches",
        "message",
        "named",
        "operation",
        "orders",
        "outcome",
        "pairs",
        "payable",
        "refusing",
        "removals",
        "replaced",
        "rested",
        "shadow",
        "sheet",
        "signer",
        "taken",
        "taker",
        "treasury",
        "unpaid",
        "verify",
        "violations",
        "waits",
    )

    def __init__(
        self, before: State, operation: Operation, outcome: Accepted, shadow: Shadow, verify: Verify, asked: Asked
    ) -> None:
        self.before = before
        self.after = outcome.state
        self.operation = operation
        self.outcome = outcome
        self.shadow = shadow
        self.verify = verify
        self.asked = asked
        self.markets = before.markets
        self.factor = before.parameters.initial_factor_ppm
        self.balances: dict[int, Balance] = {}
        """Of every account whose money or lots an event moved."""
        self.assessed: dict[int, int] = {}
        """For how many rounds in a row an account assessed in this step is in breach; of those whose count matters."""
        self.named: set[int] = set()
        """Accounts that the operation or an event names."""
        self.instruments: set[int] = set()
        self.pairs: set[tuple[int, int]] = set()
        """Accounts and instruments whose orders or lots changed."""
        self.orders: set[tuple[int, int]] = set()
        """Instruments and arrivals of the orders that events name."""
        self.arrival = before.next_arrival
        self.claims = before.outbox.next_index
        self.unpaid = before.outbox.unpaid
        self.treasury = before.treasury
        self.signer: int | None = None
        """Who signed the operation."""
        self.taken = 0
        self.message: Message | None = None
        self.waits: Received | None = None
        """The message at the cursor as a forced order that is not finished leaves it."""
        self.refusing: Reason | None = None
        """Why the message must be refused; None when it must be carried out."""
        self.payable = 0
        """What a forced withdrawal must pay."""
        self.clears = False
        """Whether a forced withdrawal must cancel its owner's orders."""
        self.taker: ShadowOrder | None = None
        self.replaced: ShadowOrder | None = None
        self.rested: ShadowOrder | None = None
        self.matches = 0
        self.removals = 0
        self.sheet: Sheet | None = None
        self.violations: list[Violation] = []

    def broken(self, card: Card, conjunct: str, who: str, left: Figure, right: Figure) -> None:
        """Note a violation of a predicate that was counted where it was evaluated."""
        self.violations.append(Violation(card.id, conjunct, who, left, right))

    def require(self, card: Card, conjunct: str, who: str, left: Figure, right: Figure) -> None:
        """Both sides are the same."""
        self.asked[card] += 1
        if left != right:
            self.violations.append(Violation(card.id, conjunct, who, left, right))

    def agree(self, card: Card, conjunct: str, who: str, left: object, right: object) -> None:
        """Both records are the same; they are written out only when they are not."""
        self.asked[card] += 1
        if left != right:
            self.violations.append(Violation(card.id, conjunct, who, str(left), str(right)))

    def check(self, card: Card, holds: bool, conjunct: str, who: str, left: Figure, right: Figure) -> None:
        """A predicate holds."""
        self.asked[card] += 1
        if not holds:
            self.violations.append(Violation(card.id, conjunct, who, left, right))

    def touch(self, order: ShadowOrder) -> None:
        """An event names this order."""
        account, instrument = order.account, order.instrument
        self.named.add(account)
        self.orders.add((instrument, order.arrival))
        self.pairs.add((account, instrument))
        self.instruments.add(instrument)

    def balance(self, account: int) -> Balance:
        """The balance of an account as the events so far leave it."""
        found = self.balances.get(account)
        if found is None:
            found = self.balances[account] = Balance(self.before.accounts.get(account))
            self.named.add(account)
        return found

    def refusal(self, account: int, instrument: int, change: int, price: int, fee: int) -> Removal | None:
        """Why an account may not trade these lots; None when it may."""
        balance = self.balance(account)
        old = balance.sizes.get(instrument, 0)
        new = abs(old + change)
        if new > abs(old) and new > self.markets[instrument].instrument.max_position:
            return Removal.POSITION_LIMIT
        then = balance.after(instrument, change, price, fee)
        if then.equity(self.markets) >= then.initial(self.markets, self.factor):
            return None
        if strictly_reduces(balance, then, instrument, self.markets):
            return None
        return Removal.UNDERCOLLATERALISED

    def crossing(self) -> ShadowOrder | None:
        """The order that the taker must meet next, if any crosses its limit."""
        taker = self.taker
        if taker is None:
            return None
        head = self.shadow.best(taker.instrument, -taker.side)
        if head is None or (taker.price < head.price if taker.side is Side.BUY else taker.price > head.price):
            return None
        return head
