"""From breach to execution: each episode is counted once, at what first happened to it."""

from settlespec.oracle.breaches import LONGEST_SHOWN, Breaches, Ending

ADA, BOB = 1, 2


def assessed(breaches: Breaches, *in_breach: tuple[int, int]) -> None:
    breaches.begin_round()
    for account, rounds in in_breach:
        breaches.breached(account, rounds)


def test_a_liquidation_in_the_same_round_waited_no_round() -> None:
    breaches = Breaches()
    assessed(breaches, (ADA, 1))
    breaches.executed(ADA, Ending.BOOK)
    breaches.end_round()
    assert breaches.distribution() == {Ending.BOOK: {0: 1}}


def test_only_the_first_execution_of_an_episode_counts() -> None:
    breaches = Breaches()
    assessed(breaches, (ADA, 1))
    breaches.executed(ADA, Ending.BOOK)
    breaches.executed(ADA, Ending.BOOK)
    breaches.end_round()
    assessed(breaches, (ADA, 2))
    breaches.executed(ADA, Ending.MARK)
    breaches.end_round()
    assert breaches.distribution() == {Ending.BOOK: {0: 1}}
    assert breaches.longest == 2


def test_a_close_after_patience_waited_the_rounds_before_it() -> None:
    breaches = Breaches()
    for rounds in (1, 2, 3):
        assessed(breaches, (ADA, rounds))
        if rounds == 3:
            breaches.executed(ADA, Ending.MARK)
        breaches.end_round()
    assert breaches.distribution() == {Ending.MARK: {2: 1}}


def test_a_default_of_an_account_in_breach_comes_one_round_after_the_breach() -> None:
    breaches = Breaches()
    assessed(breaches, (ADA, 1))
    breaches.end_round()
    breaches.begin_round()
    breaches.executed(ADA, Ending.DEFAULT)
    breaches.end_round()
    assert breaches.distribution() == {Ending.DEFAULT: {1: 1}}


def test_who_leaves_the_breach_without_execution_has_healed() -> None:
    breaches = Breaches()
    assessed(breaches, (ADA, 1), (BOB, 1))
    breaches.end_round()
    assessed(breaches, (BOB, 2))
    breaches.end_round()
    assert breaches.distribution() == {Ending.HEALED: {1: 1}, Ending.OPEN: {2: 1}}


def test_a_new_breach_of_the_same_account_is_a_new_episode() -> None:
    breaches = Breaches()
    for _ in range(2):
        assessed(breaches, (ADA, 1))
        breaches.executed(ADA, Ending.BOOK)
        breaches.end_round()
        assessed(breaches)
        breaches.end_round()
    assert breaches.distribution() == {Ending.BOOK: {0: 2}}


def test_somebody_who_was_never_in_breach_has_no_episode() -> None:
    breaches = Breaches()
    breaches.begin_round()
    breaches.executed(ADA, Ending.DEFAULT)
    breaches.end_round()
    assert breaches.distribution() == {}


def test_a_wait_beyond_what_is_told_apart_is_counted_as_the_longest() -> None:
    breaches = Breaches()
    assessed(breaches, (ADA, LONGEST_SHOWN + 7))
    breaches.end_round()
    assert breaches.distribution() == {Ending.OPEN: {LONGEST_SHOWN: 1}}
