"""The page of limits has what sets a dated instrument apart from a perpetual."""

from settlespec.domain.instruments import InstrumentKind
from settlespec.flows.embedded import EmbeddedFlow
from settlespec.machine.signatures import Ideal
from settlespec.oracle.handbook import limits_page
from tests.documentation.pages import section, table


def test_the_terms_that_only_dated_instruments_have_stand_on_the_page_with_their_values() -> None:
    rows = {
        row[0]: [cell.replace(",", "") for cell in row[1:]]
        for row in table(section(limits_page(), "Terms of what is dated"))
    }
    assert set(rows) == {"strike", "expiry", "short_minimum_ppm", "funding_cap_ppm"}
    listed = EmbeddedFlow().genesis(Ideal()).instruments
    kinds = (InstrumentKind.PERPETUAL, InstrumentKind.FUTURE, InstrumentKind.CALL)
    first = [next(terms for terms in listed if terms.kind is kind) for kind in kinds]
    for name, values in rows.items():
        assert values == [str(getattr(terms, name)) for terms in first]
