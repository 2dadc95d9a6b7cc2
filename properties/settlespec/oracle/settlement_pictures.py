"""Pictures of the way from a batch to finality."""

from collections.abc import Callable
from typing import Any, Final

from attrs import frozen
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from settlespec.commitment.measuring import LOOPRING, STARKEX_ASSET, STARKEX_POSITION, ZKSYNC_LITE
from settlespec.oracle.pictures import ALARM, FAINT, FIRST, INK, SECOND, THIRD, Picture, panels_of, svg_of
from settlespec.oracle.plain_tables import QUANTUMS_PER_UNIT
from settlespec.oracle.settlement_findings import BODIES, SettlementFinding, per
from settlespec.oracle.settlement_tables import KINDS

LINES: Final = ((FIRST, "-"), (FIRST, "--"), (SECOND, "-"), (ALARM, "-"))
"""How each body is drawn, in the order of `BODIES`."""

ARITIES: Final = ((FIRST, "-"), (SECOND, "-"), (THIRD, "-"), (ALARM, "-"))

SECONDS: Final = 1_000


@frozen
class SettledSubject:
    """What a picture shows, who draws it, and when there is something to draw."""

    name: str
    title: str
    caption: str
    draw: Callable[[SettlementFinding], Figure]
    shows: Callable[[SettlementFinding], bool]


def settlement_pictures(settled: SettlementFinding) -> tuple[Picture, ...]:
    """Every picture for which there is something to draw, in reading order."""
    return tuple(_picture(subject, settled) for subject in SETTLED_SUBJECTS if subject.shows(settled))


def _picture(subject: SettledSubject, settled: SettlementFinding) -> Picture:
    return Picture(subject.name, subject.title, subject.caption, svg_of(subject.name, lambda: subject.draw(settled)))


def _bytes(settled: SettlementFinding) -> Figure:
    figure, (axes,) = panels_of(1, height=3.2)
    drawn = [length for length in settled.lengths if length.bodies.batches]
    lengths = [length.trades_per_batch for length in drawn]
    for (body, name), (colour, line) in zip(BODIES.items(), LINES, strict=True):
        values = [per(getattr(length.bodies, body), length.bodies.trades) for length in drawn]
        axes.plot(lengths, values, color=colour, linestyle=line, marker="o", markersize=3, label=name)
    for value, name in (
        (LOOPRING, f"Loopring {LOOPRING}"),
        (ZKSYNC_LITE, f"zkSync Lite {ZKSYNC_LITE}"),
    ):
        axes.axhline(value, color=FAINT, linewidth=1, linestyle=":")
        _beside(axes, value, name)
    starkex = [per(length.bodies.starkex, length.bodies.trades) for length in drawn]
    axes.plot(lengths, starkex, color=FAINT, linewidth=1, linestyle=":", marker="o", markersize=3)
    _beside(axes, starkex[-1], f"StarkEx {STARKEX_POSITION} + {STARKEX_ASSET} n")
    axes.set_yscale("log")
    _logarithmic(axes, lengths)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.set_ylabel("bytes per trade")
    axes.set_xlabel("trades in a batch")
    figure.legend(loc="outside upper right", ncols=4)
    return figure


def _beside(axes: Any, value: float, name: str) -> None:
    """A name beside the axes, where no curve can cross it."""
    axes.annotate(name, (1.01, value), xycoords=("axes fraction", "data"), va="center", fontsize=8, color=INK)


def _logarithmic(axes: Any, places: list[int]) -> None:
    axes.set_xscale("log")
    axes.set_xticks(places, [f"{place:,}" for place in places])
    axes.xaxis.set_minor_formatter(NullFormatter())


def _hashes(settled: SettlementFinding) -> Figure:
    figure, panels = panels_of(2, columns=2, height=2.6)
    drawn = [length for length in settled.lengths if length.bodies.batches]
    lengths = [length.trades_per_batch for length in drawn]
    hashes, siblings = panels
    for bits, (colour, line) in zip(drawn[0].costs, ARITIES, strict=True):
        costs = [length.costs[bits] for length in drawn]
        style = {"color": colour, "linestyle": line, "marker": "o", "markersize": 3}
        hashes.plot(lengths, [cost.hashes_per_leaf() for cost in costs], label=f"arity {2**bits}", **style)
        siblings.plot(lengths, [cost.siblings_per_leaf() for cost in costs], **style)
    for axes, title, unit in (
        (hashes, "hashes per changed leaf", "hashes"),
        (siblings, "digests in the proof per changed leaf", "bytes"),
    ):
        _logarithmic(axes, lengths)
        axes.set_title(title)
        axes.set_ylabel(unit)
        axes.set_xlabel("trades in a batch")
        axes.set_ylim(bottom=0)
    figure.legend(loc="outside upper right", ncols=4)
    return figure


def _gas(settled: SettlementFinding) -> Figure:
    figure, panels = panels_of(2, columns=2, height=0.3 * len(settled.gas) + 0.9)
    gas, fees = panels
    ordered = sorted(settled.gas, key=lambda one: one.gas // one.count)
    names = [KINDS.get(one.kind, one.kind) for one in ordered]
    each = [one.gas // one.count for one in ordered]
    gas.bar_label(gas.barh(names, each, color=FIRST), [f"{value:,}" for value in each], padding=3, fontsize=8)
    gas.set_title("gas of one transaction")
    gas.set_xlabel("gas")
    units = [one.quantums(settled.ether_price) / one.count / QUANTUMS_PER_UNIT for one in ordered]
    bars = fees.barh(names, units, color=SECOND)
    fees.bar_label(bars, [f"{value:,.2f}" for value in units], padding=3, fontsize=8)
    fees.set_title("fee of one transaction, blobs included")
    fees.set_xlabel("collateral units")
    fees.set_yticklabels([])
    for axes in panels:
        axes.grid(visible=False)
        axes.margins(x=0.2)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
        axes.tick_params(axis="x", labelsize=8)
        axes.locator_params(axis="x", nbins=4)
    return figure


def _latencies(settled: SettlementFinding) -> Figure:
    figure, panels = panels_of(len(settled.latencies), columns=2, height=2.4)
    for axes, one, colour in zip(panels, settled.latencies, (FIRST, SECOND), strict=True):
        seconds = [value / SECONDS for value in one.curve]
        axes.plot(seconds, range(101), color=colour, drawstyle="steps-post")
        for share, value in ((50, one.median), (99, one.ninety_ninth)):
            axes.plot([value / SECONDS], [share], marker="o", markersize=4, color=INK)
            axes.annotate(
                f"{value / SECONDS:,.1f} s",
                (value / SECONDS, share),
                xytext=(-6, 3),
                textcoords="offset points",
                ha="right",
                fontsize=8,
            )
        axes.set_title(f"until {one.status}")
        axes.set_ylabel("% of trades")
        axes.set_xlabel("seconds since the execution")
        axes.set_ylim(0, 105)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    return figure


def _has_lengths(settled: SettlementFinding) -> bool:
    return any(length.bodies.batches for length in settled.lengths)


SETTLED_SUBJECTS: Final = (
    SettledSubject(
        "bytes",
        "Bytes per trade against the length of a batch",
        "The same flow cut into batches of so many trades. Loopring and zkSync Lite publish each trade, StarkEx "
        f"{STARKEX_POSITION} + {STARKEX_ASSET} n bytes for each account of n positions that the batch changed.",
        _bytes,
        _has_lengths,
    ),
    SettledSubject(
        "hashes",
        "Hashes per changed leaf",
        "What a seal hashes, and the digests beside the changed leaves. The tree is binary; the other arities are counted on it.",
        _hashes,
        _has_lengths,
    ),
    SettledSubject(
        "gas",
        "Gas and fees by kind of transaction",
        "The mean of all transactions of a kind.",
        _gas,
        lambda settled: bool(settled.gas),
    ),
    SettledSubject(
        "latency",
        "Latency of trades",
        "How many trades had come so far after how many seconds of the base layer; median and 99th percentile are marked.",
        _latencies,
        lambda settled: all(one.count for one in settled.latencies),
    ),
)
"""Every picture, in reading order."""
