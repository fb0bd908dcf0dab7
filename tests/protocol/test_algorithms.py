"""The page of algorithms and the rows in the code say the same."""

import re
from pathlib import Path

from protocol import keys, labels, ml_dsa, sm2
from protocol.keys import Algorithm
from tests.protocol.test_sm2 import SAMPLE_SIGNATURE, SAMPLE_X, SAMPLE_Y
from tests.utopia.sm2_reference import Reference

PAGE = (Path(__file__).parents[2] / "docs/spec/algorithms.md").read_text(encoding="utf-8")
ROWS = (keys.ED25519, keys.ESP256, sm2.algorithm(Reference()), ml_dsa.ML_DSA_65)


def number(cell: str) -> int:
    found = re.match(r"\s*(−?)(\d+)", cell)
    assert found, cell
    return int(found[2]) * (-1 if found[1] else 1)


def stated() -> list[tuple[int, tuple[int, int], int, int, bool]]:
    lines = [line for line in PAGE.splitlines() if re.match(r"\| −\d+ \|", line)]
    rows = []
    for line in lines:
        alg, _, kty, crv, secret, signature, in_force = (cell.strip() for cell in line.strip("|").split("|"))
        key_type = number(kty), number(alg) if crv == "–" else number(crv)
        rows.append((number(alg), key_type, number(secret), number(signature), in_force == "always"))
    return rows


def row(algorithm: Algorithm) -> tuple[int, tuple[int, int], int, int, bool]:
    in_force = algorithm in keys.DEFAULT_ALGORITHMS.algorithms
    return int(algorithm.alg), algorithm.key_type, algorithm.secret_bytes, algorithm.signature_bytes, in_force


def test_the_page_has_the_rows_of_the_code() -> None:
    assert stated() == [row(each) for each in ROWS]
    assert {each.alg for each in ROWS} == {*labels.Alg, *labels.FurtherAlg}
    assert keys.DEFAULT_ALGORITHMS.algorithms == (keys.ED25519, keys.ESP256)


def test_sizes_are_true() -> None:
    for algorithm in ROWS:
        signer = algorithm.signer(b"\x01" * algorithm.secret_bytes)
        assert signer.public_key.alg == algorithm.alg
        assert len(signer.sign(b"message")) == algorithm.signature_bytes
        assert algorithm.load(signer.public_key.cose_key) == signer.public_key


def test_the_page_has_the_sample() -> None:
    stated_values = dict(re.findall(r"^([xyrs]) = ([0-9a-f]{64})", PAGE, re.MULTILINE))
    assert stated_values == {
        "x": SAMPLE_X.hex(),
        "y": SAMPLE_Y.hex(),
        "r": SAMPLE_SIGNATURE[:32].hex(),
        "s": SAMPLE_SIGNATURE[32:].hex(),
    }
