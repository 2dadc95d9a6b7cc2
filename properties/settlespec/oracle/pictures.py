"""Pictures of an audit as SVG that stands inside a page: drawn by matplotlib, coloured by the page's own light and dark."""

import re
from collections.abc import Callable
from io import StringIO
from itertools import pairwise
from typing import Any, Final

import matplotlib
from attrs import frozen
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, MaxNLocator

from settlespec.oracle.findings import Findings, by_frequency
from settlespec.oracle.plain_tables import QUANTUMS_PER_UNIT
from settlespec.oracle.series import LiquidationPoint, RoundSample
from settlespec.oracle.words import instrument_in_words

INKS: Final = {
    "#010101": "var(--ink)",
    "#020202": "var(--faint)",
    "#030303": "var(--first)",
    "#040404": "var(--second)",
    "#050505": "var(--third)",
    "#060606": "var(--alarm)",
}
"""Colours that no picture means: each stands for one that the page decides, so that dark pages get light ink."""

INK, FAINT, FIRST, SECOND, THIRD, ALARM = INKS

STYLE: Final[Any] = {
    "svg.hashsalt": "settlespec",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.5,
    "grid.alpha": 0.4,
    "lines.linewidth": 1.4,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
}

WIDTH: Final = 8.6
"""Inches: the width of every picture, as wide as the text of the page."""

PANEL: Final = 2.1
"""Inches: the height of one panel."""

MOST_INSTRUMENTS: Final = 8
"""Instruments that are drawn; a page of more panels is read by nobody."""


Draw = Callable[[Findings, list[RoundSample]], Figure]


@frozen
class Picture:
    """A picture with its words."""

    name: str
    title: str
    caption: str
    svg: str


@frozen
class Subject:
    """What a picture shows, and who draws it."""

    name: str
    title: str
    caption: str
    draw: Draw
    over_time: bool = True
    """Whether it is drawn from the samples at the ends of rounds."""
    by_instrument: bool = False
    """Whether it shows instruments one by one."""


def pictures(findings: Findings) -> tuple[Picture, ...]:
    """Every picture for which the run gave something to draw, in reading order; the same findings give the same bytes."""
    samples, stride = findings.statistics.samples.kept, findings.statistics.samples.stride
    thinned = "" if stride == 1 else f" One round in {stride} is drawn."
    listed = len(samples[0].markets) if samples else 0
    some = f" The first {MOST_INSTRUMENTS} of {listed} instruments are drawn." if listed > MOST_INSTRUMENTS else ""
    return tuple(
        Picture(
            subject.name,
            subject.title,
            subject.caption + (some if subject.by_instrument else "") + (thinned if subject.over_time else ""),
            _svg(subject, findings, samples),
        )
        for subject in SUBJECTS
        if (samples if subject.over_time else findings.statistics.rejected)
    )


def _svg(subject: Subject, findings: Findings, samples: list[RoundSample]) -> str:
    return svg_of(subject.name, lambda: subject.draw(findings, samples))


def svg_of(name: str, draw: Callable[[], Figure]) -> str:
    """A figure as it stands inside the page."""
    with matplotlib.rc_context(STYLE):
        written = StringIO()
        draw().savefig(written, format="svg", metadata={"Date": None, "Creator": None}, bbox_inches="tight")
    return inline(written.getvalue(), name)


def inline(svg: str, name: str) -> str:
    """The picture without what only a file needs, its colours left to the page, and ids that no other picture has."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    used = set(re.findall(r"#([A-Za-z][\w.-]*)", svg)) - {ink[1:] for ink in INKS}
    svg = re.sub(r' id="([^"]*)"', lambda found: f' id="{name}-{found[1]}"' if found[1] in used else "", svg)
    svg = re.sub(r'(url\(#|href="#)', rf"\g<1>{name}-", svg)
    for stand_in, colour in INKS.items():
        svg = svg.replace(stand_in, colour)
    return re.sub(r'<svg [^>]*viewBox="([^"]*)"[^>]*>', _frame, svg, count=1)


def _frame(found: re.Match[str]) -> str:
    return f'<svg xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="{found[1]}" role="img">'


def panels_of(number: int, columns: int = 1, height: float = PANEL) -> tuple[Figure, list[Any]]:
    """A figure of the page's width with so many panels."""
    rows = -(-number // columns)
    figure = Figure(figsize=(WIDTH, height * rows + 0.5), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).flatten().tolist()
    for unused in axes[number:]:
        unused.set_visible(False)
    return figure, axes[:number]


def _label(axes: Any, unit: str, title: str = "") -> None:
    axes.set_ylabel(unit)
    axes.set_xlabel("clearing round")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_formatter(EngFormatter(sep=""))
    if title:
        axes.set_title(title)


def _instruments(findings: Findings, samples: list[RoundSample]) -> dict[int, str]:
    """The instruments that are drawn, and what each is called."""
    state = findings.statistics.state
    if state is None:
        raise AssertionError("a round was sampled before any operation was accepted")
    drawn = sorted(samples[0].markets)[:MOST_INSTRUMENTS]
    return {name: f"instrument {name}, {instrument_in_words(state.markets[name].instrument)}" for name in drawn}


def _prices(findings: Findings, samples: list[RoundSample]) -> Figure:
    names = _instruments(findings, samples)
    figure, panels = panels_of(len(names), columns=min(2, len(names)))
    rounds = [sample.number for sample in samples]
    for (name, called), axes in zip(names.items(), panels, strict=True):
        axes.plot(rounds, [sample.markets[name].mark for sample in samples], color=FIRST, label="mark")
        points = [point for point in findings.statistics.rounds.points.kept if point.instrument == name]
        _scatter(axes, [point for point in points if point.on_book], "liquidated on the book", "v", ALARM)
        _scatter(axes, [point for point in points if not point.on_book], "closed at the mark", "x", INK)
        _label(axes, "quantums per lot", called)
    # One legend for all panels, from the one that has most to explain.
    handles, labels = max((axes.get_legend_handles_labels() for axes in panels), key=lambda pair: len(pair[0]))
    figure.legend(handles, labels, loc="outside upper right", ncols=3)
    return figure


def _scatter(axes: Any, points: list[LiquidationPoint], label: str, marker: str, colour: str) -> None:
    if points:
        numbers, prices = [point.number for point in points], [point.price for point in points]
        axes.scatter(numbers, prices, s=16, marker=marker, color=colour, linewidths=0.9, label=label, zorder=3)


def _scale(*series: list[int]) -> tuple[int, str]:
    """What an axis of money counts in: collateral units, or quantums where there is less than one unit to show."""
    largest = max((abs(amount) for amounts in series for amount in amounts), default=0)
    return (QUANTUMS_PER_UNIT, "collateral units") if largest >= QUANTUMS_PER_UNIT else (1, "quantums")


def _from_zero(axes: Any, figures: list[int]) -> None:
    """An axis that starts at zero and says so where there is nothing to see."""
    if any(figures):
        axes.set_ylim(bottom=0)
    else:
        axes.set_ylim(0, 1)
        axes.set_yticks([0])
        axes.text(0.5, 0.5, "none in this run", transform=axes.transAxes, ha="center", va="center", color=FAINT)


def _risk(_: Findings, samples: list[RoundSample]) -> Figure:
    figure, (equity, maintenance, accounts) = panels_of(3)
    rounds = [sample.number for sample in samples]
    at_risk = [sample.equity_at_risk for sample in samples]
    one, unit = _scale(at_risk)
    equity.bar(rounds, [amount / one for amount in at_risk], color=ALARM, width=_bar(rounds))
    _label(equity, unit, "equity of accounts in breach")
    _from_zero(equity, at_risk)
    required = [sample.maintenance for sample in samples]
    one, unit = _scale(required)
    maintenance.plot(rounds, [amount / one for amount in required], color=FIRST)
    _label(maintenance, unit, "maintenance requirement of all accounts")
    _from_zero(maintenance, required)
    breached = [sample.in_breach for sample in samples]
    accounts.bar(rounds, breached, color=SECOND, width=_bar(rounds))
    _label(accounts, "accounts", "accounts in breach")
    _from_zero(accounts, breached)
    return figure


def _bar(rounds: list[int]) -> float:
    """Four fifths of the distance between two samples."""
    return 0.8 * min((later - earlier for earlier, later in pairwise(rounds)), default=1)


def _insurance(_: Findings, samples: list[RoundSample]) -> Figure:
    figure, (fund, haircuts) = panels_of(2)
    rounds = [sample.number for sample in samples]
    held, paid = [sample.insurance for sample in samples], [sample.insurance_paid for sample in samples]
    one, unit = _scale(held, paid)
    fund.plot(rounds, [amount / one for amount in held], color=FIRST, label="held by the fund")
    fund.plot(
        rounds,
        [amount / one for amount in paid],
        color=ALARM,
        linestyle="--",
        drawstyle="steps-mid",
        label="paid for defaults so far",
    )
    _label(fund, unit, "insurance fund")
    _from_zero(fund, [*held, *paid])
    figure.legend(loc="outside upper right", ncols=2)
    taken = [sample.haircut for sample in samples]
    one, unit = _scale(taken)
    haircuts.plot(rounds, [amount / one for amount in taken], color=SECOND, drawstyle="steps-mid")
    _label(haircuts, unit, "haircuts of gains so far")
    _from_zero(haircuts, taken)
    return figure


def _depth(findings: Findings, samples: list[RoundSample]) -> Figure:
    names = _instruments(findings, samples)
    figure, panels = panels_of(len(names), columns=min(2, len(names)))
    rounds = [sample.number for sample in samples]
    for (name, called), axes in zip(names.items(), panels, strict=True):
        depths = [sample.markets[name].depth for sample in samples]
        axes.fill_between(
            rounds, [depth.bids for depth in depths], color=FIRST, alpha=0.6, step="mid", label="bids", linewidth=0
        )
        axes.fill_between(
            rounds, [-depth.asks for depth in depths], color=SECOND, alpha=0.6, step="mid", label="asks", linewidth=0
        )
        axes.axhline(0, color=INK, linewidth=0.6)
        _label(axes, "lots", called)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=2)
    return figure


def _interest(findings: Findings, samples: list[RoundSample]) -> Figure:
    figure, (axes,) = panels_of(1)
    rounds = [sample.number for sample in samples]
    styles = [(colour, line) for line in ("-", "--") for colour in (FIRST, SECOND, THIRD, ALARM)]
    for (name, called), (colour, line) in zip(_instruments(findings, samples).items(), styles, strict=False):
        interest = [sample.markets[name].open_interest for sample in samples]
        axes.plot(rounds, interest, color=colour, linestyle=line, label=called)
    _label(axes, "lots")
    _from_zero(axes, [market.open_interest for sample in samples for market in sample.markets.values()])
    figure.legend(loc="outside upper right", ncols=4)
    return figure


def _micro_steps(_: Findings, samples: list[RoundSample]) -> Figure:
    figure, (axes,) = panels_of(1)
    before = [(0, 0), *((sample.number, sample.micro_steps) for sample in samples)]
    # Where rounds are thinned out, a bar is the mean of those that it stands for.
    means = [(now[1] - then[1]) / max(now[0] - then[0], 1) for then, now in pairwise(before)]
    rounds = [sample.number for sample in samples]
    axes.bar(rounds, means, color=FIRST, width=_bar(rounds))
    _label(axes, "micro-steps per round")
    return figure


def _rejections(findings: Findings, _: list[RoundSample]) -> Figure:
    counts = by_frequency(findings.statistics.rejected)
    figure, (axes,) = panels_of(1, height=0.26 * len(counts) + 0.4)
    names = list(reversed(counts))
    bars = axes.barh([name.replace("_", " ").lower() for name in names], [counts[name] for name in names], color=FIRST)
    axes.bar_label(bars, [f"{counts[name]:,}" for name in names], padding=3, fontsize=8)
    axes.grid(visible=False)
    axes.set_xlabel("operations")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    return figure


SUBJECTS: Final = (
    Subject(
        "price",
        "Price and liquidations",
        "The mark at the end of each round, with the prices at which accounts in breach or in default were closed.",
        _prices,
        by_instrument=True,
    ),
    Subject("risk", "Equity at risk", "Accounts found below maintenance, and what all accounts together need.", _risk),
    Subject(
        "insurance", "Insurance and haircuts", "What the fund holds, and what was paid and taken so far.", _insurance
    ),
    Subject(
        "depth",
        "Book depth",
        "Lots resting inside the band at the end of each round: bids upwards, asks downwards.",
        _depth,
        by_instrument=True,
    ),
    Subject(
        "interest",
        "Open interest",
        "Lots held long, which are as many as those held short.",
        _interest,
        by_instrument=True,
    ),
    Subject("steps", "Micro-steps of the rounds", "How much work one round is.", _micro_steps),
    Subject(
        "rejections", "Rejections by reason", "How often each reason was the first that applied.", _rejections, False
    ),
)
"""Every picture, in reading order."""
