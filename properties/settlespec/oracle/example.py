"""The example of the documentation: a short session on the minimal preset with real signatures, as a trace and as a page.

What an expiry does is told by a second one, `oracle.expiry_example`.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from attrs import frozen

from settlespec.domain.messages import ForcedOrder, ForcedWithdrawal
from settlespec.domain.operations import Operation, Receive, Take, Transfer, Withdraw
from settlespec.domain.orders import Side, TimeInForce
from settlespec.flows.session import Session
from settlespec.machine.genesis import Genesis, initial_state, minimal
from settlespec.machine.signatures import Ed25519, Signer
from settlespec.oracle.edition import rules_digest, version
from settlespec.wire.recording import TraceWriter
from settlespec.wire.states import encode_state, state_digest
from settlespec.wire.traces import FORMAT, Header, Scheme, SchemeName

ADA, BOB, EVE = 1, 2, 3

Told = Iterator[tuple[str, Operation]]
"""Operations, each with what it shows."""


def told(session: Session) -> Told:
    """The operations of the example; each must be submitted before the next is asked for."""
    for name, account, amount in (("Ada", ADA, 100), ("Bob", BOB, 100), ("Eve", EVE, 20)):
        came, taken = session.deposit(account, amount)
        yield f"The base layer sends {name}'s deposit.", came
        yield f"It is credited, and opens {name}'s account.", taken
    yield from _orders(session)
    yield from _money(session)


def _orders(session: Session) -> Told:
    post = session.limit
    yield "Ada's ask rests.", post(ADA, 1, 71, Side.SELL, 4, 11)
    yield "Ada's second ask comes to stand behind it, a price further.", post(ADA, 1, 72, Side.SELL, 2, 12)
    yield (
        "Bob's bid trades with the first ask, at the ask's price; what is left of the ask keeps its place.",
        post(BOB, 1, 71, Side.BUY, 3, 12),
    )
    yield (
        "A post-only bid that crosses the best ask is refused.",
        post(BOB, 1, 72, Side.BUY, 1, 11, post_only=True),
    )
    yield (
        "A fill-or-kill order for more than is there is refused.",
        post(BOB, 1, 72, Side.BUY, 5, 12, TimeInForce.FILL_OR_KILL),
    )
    yield (
        "An immediate-or-cancel order takes what is there within its limit; the rest is gone.",
        post(BOB, 1, 72, Side.BUY, 2, 11, TimeInForce.IMMEDIATE_OR_CANCEL),
    )
    yield "Ada meets her own ask: her resting order is removed, and her bid rests.", post(ADA, 1, 73, Side.BUY, 1, 12)
    yield "Bob's market sell has the lower edge of the band as its limit.", session.market(BOB, 1, 73, Side.SELL, 1)
    yield "A bid above the band is refused.", post(EVE, 1, 71, Side.BUY, 1, 14)
    yield "Eve cannot cover so large a bid.", post(EVE, 1, 71, Side.BUY, 40, 9)
    yield "A smaller one rests.", post(EVE, 1, 71, Side.BUY, 2, 9)
    yield "She replaces it: a new arrival, at the tail of its price.", session.replace(EVE, 1, 71, 1, 10)
    yield (
        "An ask that closes Bob's position and no more may rest as reduce-only.",
        post(BOB, 1, 74, Side.SELL, 3, 12, reduce_only=True),
    )
    yield (
        "He sells past it: the reduce-only order is clipped to what the position is now.",
        session.market(BOB, 1, 75, Side.SELL, 1),
    )
    yield "He takes back what is left of it.", session.cancel(BOB, 1, 74)


def _money(session: Session) -> Told:
    clock = session.state.clock

    def envelope(account: int) -> tuple[int, int, int]:
        return account, session.next_nonce(account), clock

    yield "Bob asks for more than is free.", session.sign(Withdraw(*envelope(BOB), 100, b""))
    yield "He takes out some of it.", session.sign(Withdraw(*envelope(BOB), 10, b""))
    yield "He gives Eve some.", session.sign(Transfer(*envelope(BOB), EVE, 5, b""))
    key = session.signer.key(BOB)
    yield (
        "On the base layer he asks to close past the operator.",
        Receive(clock, ForcedOrder(BOB, key, 1, Side.SELL, 9, 1)),
    )
    yield "The request is taken: nobody bids, and nothing is left to rest.", Take()
    yield "He asks for everything that is free.", Receive(clock, ForcedWithdrawal(BOB, key, 1_000))
    yield "He gets it.", Take()
    yield from (("The clock moves on.", operation) for operation in session.tick(1_000))
    again = session.limit(ADA, 1, 74, Side.SELL, 1, 11)
    yield "Ada places one more ask.", again
    yield "The same message a second time is not the next one.", again


@frozen
class Example:
    """A session that the documentation tells."""

    title: str
    about: tuple[str, ...]
    """What stands above it, one sentence a line."""
    file: str
    """The name of its trace, which stands beside the page."""
    genesis: Callable[[Signer], Genesis]
    told: Callable[[Session], Told]


EXAMPLE: Final = Example(
    "An example", ("A session on the minimal preset, signed with Ed25519.",), "example.jsonl", minimal, told
)


def write_example(path: Path, example: Example = EXAMPLE) -> tuple[str, ...]:
    """Write the trace of an example, with a digest of the state after every operation; answers what each shows."""
    signer = Ed25519()
    genesis = example.genesis(signer)
    session = Session(genesis, signer)
    scheme = Scheme(SchemeName.ED25519, b"")
    header = Header(FORMAT, version(), bytes.fromhex(rules_digest()), "example", None, scheme, genesis, 1)
    sentences = []
    with TraceWriter(path, header, session.state) as writer:
        session.subscribers.append(writer.record)
        for sentence, operation in example.told(session):
            session.submit(operation)
            sentences.append(sentence)
    return tuple(sentences)


def example_trace(example: Example = EXAMPLE) -> tuple[str, tuple[str, ...]]:
    """The trace as text, and what each of its operations shows."""
    with TemporaryDirectory() as folder:
        path = Path(folder, example.file)
        sentences = write_example(path, example)
        return path.read_text(encoding="utf-8"), sentences


def example_page(example: Example = EXAMPLE) -> str:
    """The page that tells an example step by step."""
    trace, sentences = example_trace(example)
    lines = [
        f"# {example.title}",
        "",
        "Written by running the machine at every build of this documentation.",
        "",
        *example.about,
        f"The [trace]({example.file}) holds every operation, its answer, and the digest of the state after it.",
        f"`settlespec replay {example.file}` runs it again; so can another implementation, beginning with the genesis in its first line.",
        "Fields whose value is nothing, and signatures, are left out below.",
        "",
    ]
    lines += ["## The first state", "", *_first_state(example)]
    steps = iter(sentences)
    for line in map(json.loads, trace.splitlines()):
        if line["type"] == "step":
            lines += [f"## {line['number']}. {next(steps)}", "", f"{_shown(line['operation'])}", ""]
            lines += _answer(line["answer"])
        elif line["type"] == "checkpoint":
            lines += [f"State: `{line['digest']}`", ""]
    return "\n".join(lines)


def _first_state(example: Example) -> Iterator[str]:
    state = initial_state(example.genesis(Ed25519()))
    yield f"State: `{state_digest(state).hex()}`"
    yield ""
    yield '??? note "The first state in full; the canonical form has no white space"'
    yield ""
    yield "    ```json"
    for line in json.dumps(json.loads(encode_state(state)), indent=1, sort_keys=True).splitlines():
        yield f"    {line}"
    yield "    ```"
    yield ""


def _answer(answer: dict[str, object]) -> Iterator[str]:
    if answer["type"] == "rejected":
        yield f"Rejected: `{answer['reason']}`"
    else:
        events = answer["events"]
        assert isinstance(events, list)
        yield from (f"- {_shown(event)}" for event in events)
    yield ""


def _shown(record: dict[str, object]) -> str:
    named = {
        key: value
        for key, value in record.items()
        if key not in ("type", "signature", "signatures") and value not in (None, "", False)
    }
    return f"**{record['type']}** " + ", ".join(f"{key} `{_text(value)}`" for key, value in named.items())


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
