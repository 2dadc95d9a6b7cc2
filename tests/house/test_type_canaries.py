"""The type checker flags each deliberate error, and we would notice if it did not."""

from tests.house.layers import ROOTS
from tests.house.type_canaries import CANARIES, REPOSITORY, check_types, expected, unnoticed

TEXT = "x = 1\nverdict: int = 'holds'  # flagged as assignment\n"


def test_every_root_has_its_canary_and_each_is_flagged() -> None:
    assert [f"tests/house/canaries/{root.parent.name}.py" for root in ROOTS] == list(CANARIES)
    wanted = [expected(canary, (REPOSITORY / canary).read_text(encoding="utf-8")) for canary in CANARIES]
    assert unnoticed(wanted, check_types(CANARIES)) == []


def test_a_checker_that_is_green_on_nothing_is_noticed() -> None:
    wanted = [expected("canary.py", TEXT)]
    assert unnoticed(wanted, "Success: no issues found\n") == ["canary.py:2: error: "]


def test_an_error_of_another_kind_or_on_another_line_does_not_count() -> None:
    wanted = [expected("canary.py", TEXT)]
    assert unnoticed(wanted, 'canary.py:2: error: Cannot find "x"  [import-not-found]\n') == ["canary.py:2: error: "]
    assert unnoticed(wanted, "canary.py:1: error: Incompatible types  [assignment]\n") == ["canary.py:2: error: "]
    assert unnoticed(wanted, "canary.py:2: error: Incompatible types  [assignment]\n") == []
