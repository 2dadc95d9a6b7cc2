"""Is the type checker awake? One deliberate error per root, each of which it must flag.

Run as ``python -m tests.house.type_canaries``; leaves 1 and names the canary that went unnoticed.
"""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).resolve().parents[2]
CANARIES: Final = tuple(f"tests/house/canaries/{root}.py" for root in ("spec", "reference", "properties"))
MARK: Final = "  # flagged as "


def expected(canary: str, text: str) -> tuple[str, str]:
    """What the report must contain of this canary: where its line starts, and how the line ends."""
    for number, line in enumerate(text.splitlines(), start=1):
        if MARK in line:
            return f"{canary}:{number}: error: ", f"[{line.partition(MARK)[2]}]"
    raise ValueError(f"{canary} marks no line with {MARK.strip()!r}")


def unnoticed(wanted: Iterable[tuple[str, str]], report: str) -> list[str]:
    """The places that the report does not flag with the code expected there."""
    lines = report.splitlines()
    return [
        place for place, code in wanted if not any(line.startswith(place) and line.endswith(code) for line in lines)
    ]


def check_types(paths: Iterable[str]) -> str:
    """The report of the type checker on these files, under the settings of the project."""
    command = [sys.executable, "-m", "mypy", "--strict", "--hide-error-context", "--no-error-summary", *paths]
    finished = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    return finished.stdout + finished.stderr


def main() -> int:
    """Check every canary."""
    wanted = [expected(canary, (REPOSITORY / canary).read_text(encoding="utf-8")) for canary in CANARIES]
    report = check_types(CANARIES)
    asleep = unnoticed(wanted, report)
    for place in asleep:
        sys.stderr.write(f"{place}the type checker did not flag the deliberate error\n")
    if asleep:
        sys.stderr.write(report)
        return 1
    sys.stdout.write(f"the type checker flagged all {len(wanted)} deliberate errors\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
