"""A batch read from its files: every part is refused whole, or understood whole."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

from attrs import evolve, fields, frozen

from settlespec.commitment.batch import Body, next_header
from settlespec.commitment.changes import Changed
from settlespec.commitment.diffs import decode_exit_diff, decode_state_diff
from settlespec.commitment.encoding import Reader, Refused
from settlespec.commitment.hashes import SHA256
from settlespec.commitment.header import Header, data_link, decode_header, log_commitment
from settlespec.commitment.leaves import Holdings, Part, decode_holdings
from settlespec.commitment.state_tree import leaf_key, tree_key
from settlespec.commitment.witness import (
    Execution,
    Witness,
    WitnessRefused,
    decode_witness,
    reexecuted,
    refusing_contradictions,
)
from settlespec.domain.errors import BadInput, Malformed
from settlespec.domain.genesis import Genesis
from settlespec.domain.reasons import Reason
from settlespec.machine.signatures import Signatures
from settlespec.oracle.batch_files import GENESIS, HEADER, PROOF, SUFFIXES
from settlespec.proofs.witnessed import published_body
from settlespec.wire.states import decode_genesis

MOST_BYTES: Final = 2**26
"""Bytes of one file: four times what the blobs of a block hold."""

OF_SIGNATURES: Final = (Reason.BAD_SIGNATURE, Reason.NO_QUORUM)
"""Why an operation is rejected that somebody signed by another scheme."""

Value = TypeVar("Value")


@frozen
class Shown:
    """What a proof by witness shows of a batch."""

    execution: Execution
    claims: int
    log: bytes
    multiproof: int
    """Bytes."""
    published: Body
    """The body that the header is bound to."""


@frozen
class ReadBatch:
    """What could be read of a batch; None where a file is not there, or cannot be understood without a proof."""

    header: Header
    sizes: dict[str, int]
    """Bytes of every file that is there, by its suffix."""
    tied: frozenset[str]
    """Suffixes of the parts that are surely of this header; any other diff may be that of another batch."""
    genesis: Genesis | None
    """The deployment, where it is known."""
    shown: Shown | None
    changed: Changed | None
    """The state diff."""
    left: dict[int, Holdings] | None
    """The exit diff: the holdings after the batch of those whose holdings changed."""


def read_batch(path: Path, given: Path | None, signatures: Signatures) -> ReadBatch:
    """Read a header, and whatever of its batch stands beside it.

    Args:
        path: of the header.
        given: the genesis of the deployment; None where it stands beside the header, if anywhere.
        signatures: the scheme of the deployment.

    Raises:
        BadInput: a file is no encoding, too long, or is not of this batch.
        OSError: a file is missing or may not be read.
    """
    if path.suffix != HEADER:
        raise BadInput("not the name of a header", file=str(path), remedy=f"give the file that ends in {HEADER}")
    files = {suffix: path.with_suffix(suffix) for suffix in (HEADER, *SUFFIXES.values(), PROOF)}
    found = {suffix: content_of(file) for suffix, file in files.items() if suffix == HEADER or file.is_file()}
    header = decoded(files[HEADER], lambda: decode_header(found[HEADER]))
    deployed = given or path.with_name(GENESIS)
    genesis = genesis_of(deployed, header) if given is not None or deployed.is_file() else None
    shown = None
    if PROOF in found:
        if genesis is None:
            raise BadInput(
                "a proof is understood with the deployment's genesis only",
                file=str(files[PROOF]),
                remedy=f"give it with --genesis, or put {GENESIS} beside the header",
            )
        log, evidence = decoded(files[PROOF], lambda: decode_proof(found[PROOF]))
        with belonging(files, deployed):
            shown = proven(header, log, evidence, genesis, signatures)
    agreed_log(files, found, header)
    tied = frozenset(found if shown is not None else tied_parts(files, found, header))
    sizes = {suffix: len(data) for suffix, data in found.items()}
    return ReadBatch(
        header, sizes, tied, genesis, shown, state_diff(files, found, shown), exit_diff(files, found, shown)
    )


def genesis_of(path: Path, header: Header) -> Genesis:
    """The deployment of a batch."""
    genesis = decoded(path, lambda: decode_genesis(content_of(path)), "this is no genesis")
    here, there = (genesis.parameters.chain, genesis.parameters.rollup), (header.chain, header.rollup)
    if here != there:
        problem = f"chain {here[0]} and rollup {here[1]}, but the header is of chain {there[0]} and rollup {there[1]}"
        raise BadInput(problem, file=str(path), remedy="give the genesis of this batch with --genesis")
    return genesis


def content_of(path: Path) -> bytes:
    """The bytes of a file of a bounded length."""
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise BadInput(f"longer than {MOST_BYTES:,} bytes", file=str(path), remedy="no part of a batch is as long")
    return data


def decoded(path: Path, decode: Callable[[], Value], remedy: str = "this is no such part of a batch") -> Value:
    """What the bytes of a file say, or why they say nothing."""
    try:
        return decode()
    except (Refused, WitnessRefused, Malformed) as refused:
        raise BadInput(str(refused), file=str(path), remedy=remedy) from refused


def decode_proof(proof: bytes) -> tuple[bytes, Witness]:
    """The log of a proof, and its witness."""
    reader = Reader(proof)
    log = reader.text()
    behind = reader.at
    try:
        return log, decode_witness(reader.raw(reader.left()))
    except Refused as refused:
        # Told by its place in the file.
        raise Refused(refused.refusal, behind + refused.at) from refused


@contextmanager
def belonging(files: dict[str, Path], genesis: Path) -> Iterator[None]:
    """Where a proof does not lead to the header, any of those that it was read with may be the wrong one."""
    try:
        yield
    except (Refused, WitnessRefused) as refused:
        rejection = refused.rejection if isinstance(refused, WitnessRefused) else None
        if rejection in OF_SIGNATURES:
            remedy = "say with --signatures how this deployment signs, and give its genesis"
        else:
            remedy = "give the header and the proof as they were written, and the genesis of their deployment"
        raise BadInput(
            f"it does not belong together with {files[PROOF].name} and {genesis}: {refused}",
            file=str(files[HEADER]),
            remedy=remedy,
        ) from refused


def proven(header: Header, log: bytes, evidence: Witness, genesis: Genesis, signatures: Signatures) -> Shown:
    """What a proof shows: from the previous root of the header to its new one.

    Raises:
        Refused, WitnessRefused: it shows something else, or nothing.
    """
    execution = reexecuted(SHA256, genesis, header.previous_root, log, evidence, signatures)
    others: list[tuple[str, ...]] = []
    for body in Body:
        with refusing_contradictions():
            follows = following(header, execution, log, published_body(body, log, execution))
        if follows == header:
            return Shown(execution, len(evidence.claims), log, len(evidence.proof), body)
        names = (place.name for place in fields(Header))
        others.append(tuple(name for name in names if getattr(follows, name) != getattr(header, name)))
    fewest = min(others, key=len)
    raise WitnessRefused(f"the proof shows another {', '.join(fewest)}")


def following(header: Header, execution: Execution, log: bytes, published: bytes) -> Header:
    """The only header that the batch can have after one that ends where this one says that it begins."""
    last = evolve(
        header,
        number=header.number - 1,
        new_root=header.previous_root,
        inbox_after=header.inbox_before,
        outbox_after=header.outbox_before,
        data_after=header.data_before,
    )
    return next_header(last, execution.before, execution.after, execution.operations, log, published, execution.root)


def agreed_log(files: dict[str, Path], found: dict[str, bytes], header: Header) -> None:
    """The log is the one that the header is bound to, and so the one of the proof."""
    suffix = SUFFIXES[Body.LOG]
    if suffix in found and log_commitment(found[suffix]) != header.operations:
        raise BadInput("not the log that the header is bound to", file=str(files[suffix]), remedy="give its own")


def tied_parts(files: dict[str, Path], found: dict[str, bytes], header: Header) -> Iterator[str]:
    """Without a proof: the log, and the body that was published, as the data chain is bound to that.

    A diff is then told beside a published log, as what it says it is; where no published body stands, it may be that of any batch.
    """
    yield HEADER
    bodies = [suffix for suffix in SUFFIXES.values() if suffix in found]
    published = [suffix for suffix in bodies if data_link(header.data_before, found[suffix]) == header.data_after]
    for suffix in bodies:
        if suffix in published or suffix == SUFFIXES[Body.LOG]:
            yield suffix
        elif not published:
            raise BadInput(
                "not the body that the header's data chain is bound to, nor does that stand beside it",
                file=str(files[suffix]),
                remedy="give the diff of this batch, with the published body or the proof beside it",
            )


def state_diff(files: dict[str, Path], found: dict[str, bytes], shown: Shown | None) -> Changed | None:
    """The changed leaves, which are those that the proof shows."""
    suffix = SUFFIXES[Body.STATE_DIFF]
    if suffix not in found:
        return None
    changed = decoded(files[suffix], lambda: decode_state_diff(found[suffix]))
    if shown is not None and changed != shown.execution.changed:
        raise BadInput("not what the operations change", file=str(files[suffix]), remedy="give the diff of this batch")
    return changed


def exit_diff(files: dict[str, Path], found: dict[str, bytes], shown: Shown | None) -> dict[int, Holdings] | None:
    """Who can leave with what after the batch; without a proof nobody knows what they could before."""
    suffix = SUFFIXES[Body.EXIT_DIFF]
    if suffix not in found or shown is None:
        return None
    before = holdings_before(shown.execution)
    left = decoded(files[suffix], lambda: decode_exit_diff(before, found[suffix]))
    changed = shown.execution.changed
    moved = {leaf.key: decode_holdings(data) for leaf, data in changed.items() if leaf.part is Part.HOLDINGS and data}
    if {name: held for name, held in left.items() if before.get(name) != held} != moved:
        raise BadInput("not what the operations change", file=str(files[suffix]), remedy="give the diff of this batch")
    return moved


def holdings_before(execution: Execution) -> dict[int, Holdings]:
    """The holdings that the proof opens, as they were before the batch."""
    opened = {}
    for leaf in execution.changed:
        if leaf.part is Part.HOLDINGS:
            holdings = execution.holdings_before(leaf_key(tree_key(leaf)))
            if holdings is not None:
                opened[leaf.key] = holdings
    return opened
