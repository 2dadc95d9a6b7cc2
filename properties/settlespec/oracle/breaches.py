"""From breach to execution: how many rounds an account below maintenance waits until something is done about it."""

from collections import Counter
from enum import StrEnum, unique
from typing import Final

from attrs import define, field


@unique
class Ending(StrEnum):
    """What first happened to an account in breach."""

    BOOK = "liquidated on the book"
    MARK = "closed at the mark after patience"
    DEFAULT = "closed in default"
    HEALED = "healed without execution"
    OPEN = "still waiting at the end"


LONGEST_SHOWN: Final = 64
"""Rounds told apart; a longer wait is counted here. More than any patience of a preset."""


@define
class _Episode:
    """An uninterrupted run of rounds in breach."""

    rounds: int
    """Rounds in a row so far."""
    executed: bool = False
    breached_now: bool = True
    """Whether the round in progress found the account in breach again."""


@define
class Breaches:
    """Episodes of breach. Memory: one entry for each account in breach now."""

    waits: dict[Ending, Counter[int]] = field(factory=lambda: {ending: Counter() for ending in Ending})
    """Rounds from the first one in breach to the first execution, 0 being the same round; by how it ended."""
    longest: int = 0
    """The longest run of rounds in a row in which one account was in breach."""
    _episodes: dict[int, _Episode] = field(factory=dict)

    def begin_round(self) -> None:
        """Nobody has been assessed yet."""
        for episode in self._episodes.values():
            episode.breached_now = False

    def breached(self, account: int, rounds: int) -> None:
        """An account was found below maintenance, for so many rounds in a row."""
        self.longest = max(self.longest, rounds)
        episode = self._episodes.get(account)
        if episode is None or rounds == 1:
            self._episodes[account] = _Episode(rounds)
        else:
            episode.rounds = rounds
            episode.breached_now = True

    def executed(self, account: int, ending: Ending) -> None:
        """Lots of the account were closed; only the first time in an episode counts."""
        episode = self._episodes.get(account)
        if episode is None or episode.executed:
            return
        episode.executed = True
        waited = episode.rounds - 1 if episode.breached_now else episode.rounds
        self._count(ending, waited)

    def end_round(self) -> None:
        """Whoever was not found in breach again has left it."""
        for account, episode in tuple(self._episodes.items()):
            if not episode.breached_now:
                if not episode.executed:
                    self._count(Ending.HEALED, episode.rounds)
                del self._episodes[account]

    def distribution(self) -> dict[Ending, dict[int, int]]:
        """Waits in rounds and how often each occurred, with those that wait now."""
        waiting = Counter(min(e.rounds, LONGEST_SHOWN) for e in self._episodes.values() if not e.executed)
        counts = {**self.waits, Ending.OPEN: waiting}
        return {ending: dict(sorted(count.items())) for ending, count in counts.items() if count}

    def _count(self, ending: Ending, rounds: int) -> None:
        self.waits[ending][min(rounds, LONGEST_SHOWN)] += 1
