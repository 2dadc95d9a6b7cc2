"""Chains are told apart by their headers, and a row that cannot be meant is refused with its line and its column."""

import gzip
from pathlib import Path

import pytest

from settlespec.domain.errors import BadInput
from settlespec.risk.black76 import Right
from settlespec.risk.chain_files import (
    DAY,
    DERIBIT,
    FORMATS,
    LEAN_FUTURE_OPTION,
    LEAN_OPTION,
    YAHOO,
    ChainQuote,
    chain_quotes,
)

MARCH_20 = 18_341 * DAY
"""2020-03-20."""

LEAN_ROW = "20200320,3000.0,C,1,2,3,251.875,0,,0.2,0.9,0,0,0,0"
FUTURE_ROW = "3223.75,20200320,3010.0,P,1,2,3,30.875,0,"
YAHOO_ROW = "X,2020-01-03,3020.0,0,12.5,1.3e1,6.0,,4.6,True,call,2020-03-20"
DERIBIT_ROW = "BTC-20MAR20-3000-P,1578009600000,put,3000.0,61.5"


def chain(names: tuple[str, ...], *rows: str) -> bytes:
    return "".join(f"{row}\n" for row in (",".join(names), *rows)).encode()


def read(content: bytes, folder: Path) -> list[ChainQuote]:
    file = folder / "chain.csv"
    file.write_bytes(content)
    return list(chain_quotes(file))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (chain(LEAN_OPTION, LEAN_ROW), ChainQuote(2, MARCH_20, 3000.0, Right.CALL, close=251.875)),
        (
            chain(LEAN_FUTURE_OPTION, FUTURE_ROW),
            ChainQuote(2, MARCH_20, 3010.0, Right.PUT, close=30.875, underlying=3223.75),
        ),
        (chain(YAHOO, YAHOO_ROW), ChainQuote(2, MARCH_20, 3020.0, Right.CALL, bid=12.5, ask=13.0)),
        (
            chain(DERIBIT, DERIBIT_ROW),
            ChainQuote(2, MARCH_20 + 8 * 3_600_000, 3000.0, Right.PUT, volatility=0.615, time=1578009600000),
        ),
    ],
)
def test_each_format_gives_what_it_has(content: bytes, expected: ChainQuote, tmp_path: Path) -> None:
    assert read(content, tmp_path) == [expected]
    assert read(gzip.compress(content), tmp_path) == [expected]


def test_the_header_alone_tells_the_formats_apart() -> None:
    assert set(FORMATS) == {LEAN_OPTION, LEAN_FUTURE_OPTION, YAHOO, DERIBIT}


def lean(**changes: str) -> bytes:
    row = dict(zip(LEAN_OPTION, LEAN_ROW.split(","), strict=True))
    return chain(LEAN_OPTION, LEAN_ROW.replace("3000.0", "2990.0"), ",".join({**row, **changes}.values()))


def yahoo(**changes: str) -> bytes:
    row = dict(zip(YAHOO, YAHOO_ROW.split(","), strict=True))
    return chain(YAHOO, YAHOO_ROW.replace("3020.0", "2990.0"), ",".join({**row, **changes}.values()))


def deribit(**changes: str) -> bytes:
    row = dict(zip(DERIBIT, DERIBIT_ROW.split(","), strict=True))
    return chain(DERIBIT, DERIBIT_ROW.replace("3000", "2990"), ",".join({**row, **changes}.values()))


REFUSALS: dict[str, tuple[bytes, int, str | None, str]] = {
    "another header": (b"strike,expiry\n1,2\n", 1, None, "the header is 'strike,expiry'"),
    "a missing column": (chain(LEAN_OPTION, "20200320,3000.0,C"), 2, None, "3 columns, not 15"),
    "a strike of zero": (lean(strike="0"), 3, "strike", "a strike of '0'"),
    "a strike too small for a float": (lean(strike="1e-400"), 3, "strike", "a strike of '1e-400'"),
    "a negative strike": (lean(strike="-5"), 3, "strike", "'-5' is not a decimal number"),
    "a strike that is no number": (lean(strike="nan"), 3, "strike", "'nan' is not a decimal number"),
    "an endless strike": (lean(strike="inf"), 3, "strike", "'inf' is not a decimal number"),
    "a strike that overflows": (lean(strike="1e999"), 3, "strike", "'1e999' is more than 1e+12"),
    "a strike of 10,000 digits": (lean(strike="9" * 10_000), 3, "strike", "10,000 characters"),
    "a price in digits of another script": (lean(close="\u0663"), 3, "close", "is not a decimal number"),
    "no price": (lean(close=""), 3, "close", "'' is not a decimal number"),
    "a negative price": (lean(close="-0.5"), 3, "close", "'-0.5' is not a decimal number"),
    "a price out of range": (lean(close="1000000000001"), 3, "close", "is more than 1e+12"),
    "a day in another form": (lean(expiry="20/03/2020"), 3, "expiry", "'20/03/2020' is not a day"),
    "a week": (lean(expiry="2020W121"), 3, "expiry", "'2020W121' is not a day"),
    "a day that does not exist": (lean(expiry="20200230"), 3, "expiry", "no such day"),
    "the year zero": (lean(expiry="00000101"), 3, "expiry", "no such day"),
    "a day before 1970": (lean(expiry="19691231"), 3, "expiry", "a day before 1970"),
    "an unknown right": (lean(right="X"), 3, "right", "'X' is neither call nor put"),
    "a negative bid": (yahoo(bid="-1"), 3, "bid", "'-1' is not a decimal number"),
    "a malformed ask": (yahoo(ask="1.2.3"), 3, "ask", "'1.2.3' is not a decimal number"),
    "a day in the wrong column": (yahoo(expiration="call"), 3, "expiration", "'call' is not a day"),
    "an underlying of zero": (
        chain(LEAN_FUTURE_OPTION, FUTURE_ROW.replace("3223.75", "0")), 2, "underlying_close", "an underlying of 0",
    ),
    "a name that names no option": (deribit(instrument_name="BTC-PERPETUAL"), 3, "instrument_name", "names no option"),
    "an unknown month": (deribit(instrument_name="BTC-20XXX20-3000-P"), 3, "instrument_name", "names no option"),
    "a day that no month has": (deribit(instrument_name="BTC-31FEB20-3000-P"), 3, "instrument_name", "no such day"),
    "a strike unlike its name": (deribit(strike="3001"), 3, "strike", "'3001' is not that of BTC-20MAR20-3000-P"),
    "a right unlike its name": (deribit(option_type="call"), 3, "option_type", "'call' is not that of"),
    "a negative volatility": (deribit(mark_iv="-1"), 3, "mark_iv", "'-1' is not a decimal number"),
    "a volatility out of range": (deribit(mark_iv="100001"), 3, "mark_iv", "is more than 1e+05"),
    "a time in seconds with decimals": (deribit(timestamp="1.5"), 3, "timestamp", "'1.5' is not a whole number"),
    "an empty file": (b"", 1, None, "the file is empty"),
    "a NUL byte": (chain(LEAN_OPTION, "\0"), 2, None, "NUL byte"),
    "a gzip that is cut off": (gzip.compress(lean())[:-9], 4, None, "end too early"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "line", "field", "problem"), list(REFUSALS.values()), ids=list(REFUSALS))
def test_a_chain_is_refused_with_its_row_and_column(
    content: bytes, line: int, field: str | None, problem: str, tmp_path: Path
) -> None:
    with pytest.raises(BadInput) as refused:
        read(content, tmp_path)
    error = refused.value
    assert (error.file, error.line, error.field) == (str(tmp_path / "chain.csv"), line, field)
    assert problem in error.problem
    assert error.remedy


def test_rows_are_given_out_as_they_are_reached(tmp_path: Path) -> None:
    file = tmp_path / "chain.csv"
    file.write_bytes(lean(strike="0"))
    quotes = chain_quotes(file)
    assert next(quotes).strike == 2990.0
    with pytest.raises(BadInput):
        next(quotes)
