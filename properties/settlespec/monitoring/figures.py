"""Running sums over all accounts, moved by the accounts that an operation changed and by no others."""

from collections.abc import Iterable, Iterator

from settlespec.domain.accounts import Account
from settlespec.domain.state import State
from settlespec.invariants.cards import Asked, Violation
from settlespec.invariants.catalogue import CONSERVATION, EXIT_SOLVENCY, NOBODY_OWES, ZERO_SUM
from settlespec.invariants.measures import Balance
from settlespec.invariants.states import Sums, held_for_accounts, still_held, sums_of


class Figures:
    """The sums of a state, carried from one operation to the next."""

    __slots__ = ("cash", "long", "net", "owing", "reads", "worth")

    def __init__(self, state: State) -> None:
        self.reads = 0
        """Accounts read so far, to show that the cost of an operation does not grow with their number."""
        self.adopt(sums_of(state))

    def adopt(self, sums: Sums) -> None:
        """Take over sums that were counted in full."""
        self.cash = sums.cash
        self.worth = sums.worth
        self.owing = dict(sums.owing)
        self.net = dict(sums.net)
        self.long = dict(sums.long)

    def move(self, before: State, after: State, accounts: Iterable[int]) -> None:
        """Replace what these accounts added by what they add now; worth only between states at rest, at equal marks."""
        at_rest = before.round is None and after.round is None
        for account in accounts:
            old, new = before.accounts.get(account), after.accounts.get(account)
            self.reads += 1
            if old is new:
                continue
            if old is not None and new is not None and old.positions is new.positions:
                change = new.collateral - old.collateral
                if not change:
                    continue
                self.cash += change
                if at_rest:
                    equity = Balance(new).equity(after.markets)
                    self._weigh(account, equity - change, equity)
                continue
            self._replace(account, old, new, before, after, at_rest)

    def _replace(
        self, account: int, old: Account | None, new: Account | None, before: State, after: State, at_rest: bool
    ) -> None:
        was, is_now = Balance(old), Balance(new)
        self.cash += is_now.cash - was.cash
        for name, size in was.sizes.items():
            self.net[name] -= size
            self.long[name] -= max(size, 0)
        for name, size in is_now.sizes.items():
            self.net[name] += size
            self.long[name] += max(size, 0)
        if at_rest:
            self._weigh(account, was.equity(before.markets), is_now.equity(after.markets))

    def _weigh(self, account: int, was: int, is_now: int) -> None:
        self.worth += max(is_now, 0) - max(was, 0)
        if is_now < 0:
            self.owing[account] = is_now
        elif was < 0:
            self.owing.pop(account, None)

    def judge(self, state: State, instruments: Iterable[int], asked: Asked, *, at_rest: bool) -> list[Violation]:
        """The invariants of the state by these sums, of the markets that an operation touched.

        Args:
            asked: where evaluations are counted.
            at_rest: whether the operation began and ended outside a round; at the end of a round marks have moved, and all is counted anew.
        """
        room = held_for_accounts(state)
        cash = self.cash
        if state.round is not None:
            cash += still_held(state, self.net) - (state.round.owed - state.round.collected)
        found = []
        asked[CONSERVATION] += 1
        if cash != room:
            found.append(Violation(CONSERVATION.id, "the vault is the sum of what is held", "", room, cash))
        for name in instruments:
            net, long, open_interest = self.net[name], self.long[name], state.books[name].open_interest
            if net or long or open_interest:
                asked[ZERO_SUM] += 2
            if net and (state.round is None or not state.markets[name].expired):
                found.append(Violation(ZERO_SUM.id, "positions sum to zero", f"instrument {name}", net, 0))
            if open_interest != long:
                who = f"instrument {name}"
                found.append(Violation(ZERO_SUM.id, "longs are the open interest", who, open_interest, long))
        if at_rest:
            worth = self.worth
            asked[EXIT_SOLVENCY] += 1
            if worth > room:
                found.append(Violation(EXIT_SOLVENCY.id, "the vault can pay everybody who leaves", "", worth, room))
            if state.funding_pool:
                found.append(Violation(NOBODY_OWES.id, "the funding pool is empty", "", state.funding_pool, 0))
        return found

    def disagreements(self, sums: Sums, asked: Asked, *, at_rest: bool) -> Iterator[Violation]:
        """Where the running sums are not those counted in full."""
        asked.update((CONSERVATION, ZERO_SUM))
        if at_rest:
            asked.update((EXIT_SOLVENCY, NOBODY_OWES))
        agree = "the running sum agrees with the sum in full"
        if self.cash != sums.cash:
            yield Violation(CONSERVATION.id, agree, "cash", self.cash, sums.cash)
        if (self.net, self.long) != (sums.net, sums.long):
            yield Violation(ZERO_SUM.id, agree, "positions", str((self.net, self.long)), str((sums.net, sums.long)))
        if at_rest and self.worth != sums.worth:
            yield Violation(EXIT_SOLVENCY.id, agree, "positive equities", self.worth, sums.worth)
        if at_rest and self.owing != dict(sums.owing):
            yield Violation(NOBODY_OWES.id, agree, "who owes", str(self.owing), str(sums.owing))
