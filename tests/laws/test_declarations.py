"""What a law says of the rules that it covers is held to what it is seen to call while it runs."""

from collections.abc import Mapping

import pytest

from settlespec.engines.calling import calls_of
from settlespec.engines.mutating import RULES
from settlespec.laws.statement import Law, catalogue
from settlespec.oracle.rulebook import statements

LAWS = tuple(stated for stated in catalogue() if not stated.is_canary)
BY_PLACE = {statement.place: statement.id for statement in statements() if statement.place.startswith(f"{RULES}.")}

ONLY_BUILT_WITH: Mapping[str, str] = {
    "ROUND-8a": "the step calls no rule: an array of losses is made for the market that stands in its shape",
}
"""Laws that call rules and cover none of them, each with the reason."""


@pytest.mark.parametrize("stated", LAWS, ids=lambda stated: stated.id)
def test_a_law_covers_only_rules_that_it_calls_and_at_least_one_of_them(stated: Law):
    called = {BY_PLACE.get(f"{one.module}.{one.function}", "") for one in calls_of(stated, RULES).called} - {""}
    covered = set(stated.rules) & set(BY_PLACE.values())
    assert sorted(covered - called) == []
    assert (bool(called) and not covered) == (stated.id in ONLY_BUILT_WITH)
