"""docs/verification.md says what the code does: the same numbers, codes, classes and cells."""

import re
from pathlib import Path

from protocol.errors import Code
from protocol.labels import Purpose
from protocol.licence.catalogue import RiskClass
from verifier_terminal.appraisal import explain, gates
from verifier_terminal.appraisal.verdict import Tier

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "verification.md").read_text(encoding="utf-8")
LETTERS = {"A": Tier.AFFIRMING, "C": Tier.WARNING, "H": Tier.HOLD}
ROWS_OF = {
    "window": [Purpose.WINDOW],
    "window, face compared": [Purpose.WINDOW],
    "roadside, face compared": [Purpose.ROADSIDE],
    "hotel, airport, attended": [Purpose.HOTEL, Purpose.AIRPORT],
}


def rows(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]


def test_every_code_stands_there_with_its_class_and_check() -> None:
    table = {row[0]: (row[1], row[2]) for row in rows(TEXT) if len(row) == 3 and re.fullmatch(r"[EW]_\w+", row[0])}
    assert table == {
        str(code): (gates.BUILT_IN[code].value.replace("_", " "), str(int(explain.STEP_OF[code]))) for code in Code
    }


def test_the_sixteen_checks_name_their_codes_and_places() -> None:
    checks = {int(row[0]): row for row in rows(TEXT) if len(row) == 6 and row[0].isdigit()}
    assert list(checks) == list(range(1, 17))
    for number, row in checks.items():
        named = re.sub(r"\(.*?\)", "", row[3])
        expected = {str(code) for code, step in explain.STEP_OF.items() if step == number}
        assert set(re.findall(r"[EW]_[A-Z0-9_]+", named)) == expected, number
        for path in re.findall(r"`([\w/]+\.py)`", row[5]):
            assert (ROOT / path).is_file(), path


def test_the_matrix_is_the_codes() -> None:
    matrix = [row for row in rows(TEXT) if len(row) == 7 and row[0][:2] in {f"{risk} " for risk in RiskClass}]
    assert len(matrix) == 10
    for row in matrix:
        risk, place = RiskClass(row[0][0]), row[0][2:]
        cells = tuple(LETTERS[letter] for letter in row[1:])
        if "kiosk" in place:
            assert gates.STRICTEST[risk] == cells
        else:
            for purpose in ROWS_OF[place]:
                assert gates.MATRIX[risk, purpose] == cells
