"""The picture page of an audit: one HTML file that needs nothing else, not even a network."""

from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from settlespec.oracle.audit_tables import closing_lines, tables
from settlespec.oracle.edition import rules_digest, version
from settlespec.oracle.findings import Findings
from settlespec.oracle.pictures import pictures
from settlespec.oracle.plain_tables import count, money
from settlespec.oracle.settlement_pictures import settlement_pictures
from settlespec.oracle.writing import PAGE, write_whole


def page(findings: Findings) -> str:
    """The page as text; the same findings give the same text, as no time of day and no duration is in it."""
    environment = Environment(
        loader=PackageLoader("settlespec.oracle"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    totals = findings.statistics.totals()
    tiles = (
        ("operations", count(totals.operations)),
        ("rejected", count(totals.rejected)),
        ("fills", count(totals.fills)),
        ("clearing rounds", count(totals.rounds)),
        ("liquidation fills", count(totals.liquidations)),
        ("defaults", count(totals.defaults)),
        ("insurance used", money(totals.insurance_paid)),
        ("haircuts", money(totals.haircut)),
    )
    drawn = pictures(findings)
    if findings.settlement is not None:
        drawn += settlement_pictures(findings.settlement)
    return environment.get_template("audit.html.j2").render(
        findings=findings,
        tiles=tiles,
        tables=tables(findings),
        pictures=drawn,
        closing=tuple(closing_lines(findings)),
        version=version(),
        digest=rules_digest(),
    )


def write_page(findings: Findings, folder: Path) -> Path:
    """Write the page into a folder, whole or not at all."""
    path = folder / PAGE
    write_whole(path, page(findings).encode(errors="backslashreplace"))
    return path
