"""What a sequencer does, honest or not: it keeps the time, takes messages, drives rounds; and it repeats, forges, reorders and omits."""

from attrs import evolve

from settlespec.domain.operations import ContinueRound, Operation, Take, Tick
from settlespec.hunting.source import Source
from settlespec.hunting.trial import Trial


def take(source: Source, trial: Trial) -> Operation | None:
    """The next message of the inbox; now and then though there is none."""
    return Take() if trial.session.state.inbox.messages or source.chance(20) else None


def tick(source: Source, trial: Trial) -> Operation:
    """A moment later, long enough for marks to be stale, exactly so long, or backwards."""
    state = trial.session.state
    age = state.parameters.max_age
    stale = state.marks_time + age
    due = state.next_expiry
    times = [state.clock, state.clock + 1, state.clock + 1_000, stale, stale + 1, state.clock - 1]
    times += [due - 1, due, due + 1] if due else []
    later = [time for time in times if time >= state.clock] if not source.chance(20) else times
    return Tick(max(source.pick(later), 0))


def go_on(source: Source, trial: Trial) -> Operation:
    """The next micro-steps of the round."""
    return ContinueRound(source.pick((1, 1, 3, 1_000)))


def again(source: Source, trial: Trial) -> Operation | None:
    """A message that somebody signed before, sent once more."""
    return source.pick(trial.signed) if trial.signed else None


def forged(source: Source, trial: Trial) -> Operation | None:
    """A message that somebody signed before with something in it changed: its nonce, its amount, its owner, its signature."""
    if not trial.signed:
        return None
    session, message = trial.session, source.pick(trial.signed)
    known = session.state.accounts.get(message.account)
    fresh = evolve(message, nonce=known.nonce + 1) if known is not None else message
    return source.pick(
        (
            fresh,
            evolve(fresh, signature=b""),
            evolve(fresh, account=message.account + 1),
            # Its owner's own, but late: the signature is right, the time is not.
            session.sign(evolve(fresh, valid_until=max(session.state.clock - 1, 0))),
        )
    )
