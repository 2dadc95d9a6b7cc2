"""The second and third body of a batch: what changed in the state, and what changed in what owners can leave with (DIFF-1 to DIFF-4).

Both are canonical: keys rise, nothing is listed that did not change, and every integer has one spelling.
"""

from collections.abc import Mapping

from settlespec.commitment.changes import Changed
from settlespec.commitment.encoding import Reader, Refusal, Refused, Writer
from settlespec.commitment.leaves import KEY_BYTES, Holdings, LeafKey, Part, read_pairs, write_pairs
from settlespec.domain.quantities import IDENTIFIER

KEY_BITS = 104
"""Widest key of a leaf: price and arrival of an order."""


def encode_state_diff(changed: Changed) -> bytes:
    """DIFF-1: the changed leaves by part, book and key: runs of one book, keys as differences, then the new bytes or their absence."""
    writer = Writer()
    runs: dict[tuple[int, int], list[tuple[int, bytes | None]]] = {}
    for leaf, value in sorted(changed.items()):
        runs.setdefault((leaf.part, leaf.book), []).append((leaf.key, value))
    writer.unsigned(len(runs))
    for (part, book), entries in runs.items():
        writer.unsigned(part)
        writer.unsigned(book)
        writer.unsigned(len(entries))
        before = -1
        for key, value in entries:
            writer.unsigned(key - before - 1)
            # 0 is absence, otherwise one more than the length.
            writer.unsigned(0 if value is None else len(value) + 1)
            writer.raw(value or b"")
            before = key
    return writer.finish()


def decode_state_diff(data: bytes) -> Changed:
    """The changed leaves, or `Refused` (DIFF-1)."""
    reader = Reader(data)
    changed: Changed = {}
    last = (-1, -1)
    for _ in range(reader.count()):
        part, book = reader.unsigned(max(Part)), reader.unsigned(IDENTIFIER.high)
        if (part, book) <= last:
            raise reader.refuse(Refusal.NOT_SORTED)
        last = (part, book)
        entries = reader.count()
        if entries == 0:
            raise reader.refuse(Refusal.SUPERFLUOUS)
        key = -1
        for _ in range(entries):
            key += reader.unsigned(2**KEY_BITS - 1) + 1
            if key >= 2**KEY_BITS:
                raise reader.refuse(Refusal.OUT_OF_RANGE)
            length = reader.length(beyond=1)
            changed[LeafKey(Part(part), book, key)] = None if length == 0 else reader.raw(length - 1)
    reader.end()
    return changed


def apply_state_diff(leaves: Mapping[LeafKey, bytes], changed: Changed) -> dict[LeafKey, bytes]:
    """DIFF-2: the leaves after a batch; `Refused` when a change changes nothing, so that a batch has one state diff."""
    after = dict(leaves)
    for leaf, value in changed.items():
        if after.get(leaf) == value:
            raise Refused(Refusal.SUPERFLUOUS, 0)
        if value is None:
            del after[leaf]
        else:
            after[leaf] = value
    return after


Owned = Mapping[int, Holdings]
"""Holdings by account."""


def encode_exit_diff(before: Owned, after: Owned) -> bytes:
    """DIFF-3: what changed in the holdings of each account named in `after`: cash and sizes as differences.

    Args:
        before: the holdings of these accounts in the state before; absent for an account that the batch opened.
        after: their holdings in the state after. Accounts whose holdings are the same are left out.

    Raises:
        ValueError: an owner's key changed, which no operation can do.
    """
    writer = Writer()
    moved = sorted(name for name, holdings in after.items() if before.get(name) != holdings)
    writer.unsigned(len(moved))
    last = -1
    for name in moved:
        old, new = before.get(name), after[name]
        writer.unsigned(name - last - 1)
        if old is None:
            writer.raw(new.owner)
        elif old.owner != new.owner:
            raise ValueError(f"account {name} has another owner than before")
        writer.signed(new.cash - (old.cash if old else 0))
        had, has = dict(old.sizes if old else ()), dict(new.sizes)
        changes = {key: has.get(key, 0) - had.get(key, 0) for key in had.keys() | has.keys()}
        write_pairs(writer, tuple((key, change) for key, change in sorted(changes.items()) if change))
        last = name
    return writer.finish()


def decode_exit_diff(before: Owned, data: bytes) -> dict[int, Holdings]:
    """DIFF-4: the new holdings of the accounts that moved, or `Refused`."""
    reader = Reader(data)
    after: dict[int, Holdings] = {}
    name = -1
    for _ in range(reader.count()):
        name += reader.unsigned(IDENTIFIER.high) + 1
        if name > IDENTIFIER.high:
            raise reader.refuse(Refusal.OUT_OF_RANGE)
        old = before.get(name)
        owner = reader.raw(KEY_BYTES) if old is None else old.owner
        cash = reader.signed() + (old.cash if old else 0)
        sizes = dict(old.sizes if old else ())
        for key, change in read_pairs(reader):
            if change == 0:
                raise reader.refuse(Refusal.SUPERFLUOUS)
            sizes[key] = sizes.get(key, 0) + change
        after[name] = Holdings(owner, cash, tuple(sorted((key, size) for key, size in sizes.items() if size)))
        if after[name] == old:
            raise reader.refuse(Refusal.SUPERFLUOUS)
    reader.end()
    return after
