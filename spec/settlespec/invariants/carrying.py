"""What an open round carries from one operation to the next: its statement never changes, everything else as events say."""

from settlespec.domain.operations import BeginRound, ContinueRound
from settlespec.domain.rounds import Discard, Round, Seize, Stage, Task
from settlespec.invariants.catalogue import CONSERVATION, LIQUIDATION_FAIR, NO_DOUBLE_SPEND, ORACLE_SANE
from settlespec.invariants.expiring import pay_until
from settlespec.invariants.opening import opened
from settlespec.invariants.sheet import Sheet, closes_of
from settlespec.invariants.turns import loses_orders, visited
from settlespec.invariants.walk import Walk


def round_fields(walk: Walk) -> None:
    """The round of the new state, against that of the old one and the events between them."""
    sheet, before, after, operation = walk.sheet, walk.before.round, walk.after.round, walk.operation
    if type(operation) is BeginRound:
        opened(walk, operation)
        return
    if type(operation) is not ContinueRound or sheet is None or before is None:
        kind = type(operation).__name__
        walk.check(LIQUIDATION_FAIR, False, "nothing interleaves with a round", "", kind, "")
        return
    if after is None:
        if not sheet.ended:
            walk.broken(LIQUIDATION_FAIR, "a round ends with its last stage", "", sheet.stage.name, "no round")
        return
    kept(walk, before, after, operation.micro_steps)
    sums(walk, sheet, after)
    gains(walk, sheet, before, after)
    lists(walk, sheet, before, after)


def kept(walk: Walk, before: Round, after: Round, asked_for: int) -> None:
    """What does not change while a round is open, and how far it went."""
    # The quotes go once the markets have adopted them.
    quotes = before.quotes if after.stage is Stage.REVALUE else {}
    said = after.number, after.timestamp, dict(after.quotes)
    meant = before.number, before.timestamp, dict(quotes)
    walk.agree(ORACLE_SANE, "an open round keeps its statement", "", said, meant)
    walk.require(NO_DOUBLE_SPEND, "an open round keeps its funding interval", "", after.elapsed, before.elapsed)
    done = before.micro_steps + asked_for
    walk.require(NO_DOUBLE_SPEND, "a round goes on by what was asked for", "", after.micro_steps, done)


def sums(walk: Walk, sheet: Sheet, after: Round) -> None:
    """What is owed and collected, and who is in default or in breach."""
    said = after.stage.name, after.owed, after.collected, after.total_gain, after.defaulted
    meant = sheet.stage.name, sheet.owed, sheet.collected, sheet.total_gain, tuple(sheet.defaulted)
    walk.agree(CONSERVATION, "the round carries on what is owed, collected and gained", "", said, meant)
    if after.breaches or sheet.breaches:
        conjunct = "the round carries on who is in breach"
        walk.agree(LIQUIDATION_FAIR, conjunct, "", after.breaches, tuple(sheet.breaches))


def gains(walk: Walk, sheet: Sheet, before: Round, after: Round) -> None:
    """Every gain of the round, those of earlier operations too."""
    meant = before.gains.update(sheet.gains) if sheet.gains else before.gains
    if not meant and not after.gains:
        return
    walk.asked[LIQUIDATION_FAIR] += len(meant)
    if after.gains == meant:
        return
    for account in sorted({*after.gains, *meant}):
        said, noted = after.gains.get(account, 0), meant.get(account, 0)
        if said != noted:
            walk.broken(LIQUIDATION_FAIR, "the round carries on each gain", f"account {account}", said, noted)


def lists(walk: Walk, sheet: Sheet, before: Round, after: Round) -> None:
    """The list of the stage is the one that was fixed when it began, and its cursor stands where events have come to."""
    stage = sheet.stage
    if stage is Stage.REVALUE:
        conjunct = "revaluing goes on behind the last holder"
        walk.agree(NO_DOUBLE_SPEND, conjunct, "", after.holder, sheet.holder)
    if stage is Stage.EXPIRE:
        pay_until(walk, sheet, after.holder)
    if stage not in (Stage.ASSESS, Stage.REVALUE, Stage.EXPIRE) and after.holder is not None:
        walk.broken(LIQUIDATION_FAIR, "holders are gone through in three stages only", "", after.holder, "")
    if not sheet.tasks and not after.tasks:
        return
    walk.agree(LIQUIDATION_FAIR, "a stage's list is fixed when it begins", stage.name, after.tasks, sheet.tasks)
    rest = after.tasks[after.cursor :]
    if stage in (Stage.DEFAULT, Stage.CLOSE):
        conjunct = "closes at the mark follow the ranking"
        walk.agree(LIQUIDATION_FAIR, conjunct, "", closes_of(rest), sheet.closes)
        seized(walk, after.tasks[before.cursor if before.stage is stage else 0 : after.cursor])
    elif stage is Stage.HAIRCUT:
        conjunct = "each gainer pays once, in his turn"
        walk.agree(LIQUIDATION_FAIR, conjunct, "", rest, tuple(sheet.haircuts))
    elif stage in (Stage.EXPIRE, Stage.DISCARD):
        live = walk.shadow.live
        left = tuple(task for task in sheet.tasks if isinstance(task, Discard) and task.arrival in live)
        walk.agree(LIQUIDATION_FAIR, "orders are discarded in their turn", "", rest, left)
    elif stage is Stage.LIQUIDATE:
        visited(walk, sheet, after)


def seized(walk: Walk, done: tuple[Task, ...]) -> None:
    """Whoever is closed at the mark has lost his orders as soon as that was his turn, not only when the stage is over."""
    for task in done:
        if isinstance(task, Seize):
            loses_orders(walk, task.account, "an account that is closed at the mark loses its orders")
