"""Recognition: region × kind × purpose, in the signed policy of the region whose terminals decide."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from issuer.application import Issuer
from issuer.cli import cli
from issuer.config import PASSPHRASE_VARIABLE
from issuer.errors import RecognitionRefused
from protocol import appraisal_policy
from protocol.appraisal_policy import AppraisalPolicy
from protocol.labels import Purpose
from tests.issuer.builders import AT

DRIVING_LICENCE, ID_CARD = 65_004, 65_001
ROADSIDE = frozenset({Purpose.ROADSIDE})
BY = {"actor": "test", "at": AT}


def policy(issuer: Issuer) -> AppraisalPolicy:
    return appraisal_policy.verify((issuer.places.published / "policy.cbor").read_bytes(), root=issuer.root)


def recognising(issuer: Issuer, region: str) -> set[tuple[int, Purpose]]:
    return {key for key, row in policy(issuer).rows.items() if row.recognises(region)}


def test_one_kind_for_one_purpose_and_no_other(issuer: Issuer) -> None:
    before = policy(issuer)
    assert recognising(issuer, "330400") == set()
    new = issuer.recognition.add("330000", kinds=frozenset({"driving-licence"}), purposes=ROADSIDE, **BY)
    assert new == 1
    # A province means its cities; its neighbour is another one.
    assert recognising(issuer, "330400") == {(DRIVING_LICENCE, Purpose.ROADSIDE)}
    assert recognising(issuer, "320000") == set()
    assert recognising(issuer, "310000") == policy(issuer).rows.keys()
    assert policy(issuer).seq > before.seq


def test_everything_and_less_again(issuer: Issuer) -> None:
    issuer.recognition.add("330000", kinds=frozenset(), purposes=frozenset(), **BY)
    assert recognising(issuer, "330000") == policy(issuer).rows.keys()
    assert issuer.recognition.add("330000", kinds=frozenset(), purposes=ROADSIDE, **BY) == 0
    gone = issuer.recognition.remove("330000", kinds=frozenset({"id-card"}), purposes=frozenset(), actor="test", at=AT)
    assert recognising(issuer, "330000") == {key for key in policy(issuer).rows if key[0] != ID_CARD}
    assert gone == sum(vct == ID_CARD for vct, _ in policy(issuer).rows)
    issuer.recognition.remove("330000", kinds=frozenset(), purposes=frozenset(), actor="test", at=AT)
    assert (recognising(issuer, "330000"), issuer.recognition.listed()) == (set(), ())


@pytest.mark.parametrize(
    ("region", "kinds"),
    [
        ("310000", frozenset()),
        ("33000", frozenset()),
        ("33000x", frozenset()),
        ("３３００００", frozenset()),
        ("330000", frozenset({"dragon-licence"})),
    ],
)
def test_what_is_no_other_region_or_no_kind(issuer: Issuer, region: str, kinds: frozenset[str]) -> None:
    with pytest.raises(RecognitionRefused):
        issuer.recognition.add(region, kinds=kinds, purposes=frozenset(), **BY)
    assert issuer.recognition.listed() == ()


def test_a_pair_that_the_policy_has_no_row_for(issuer: Issuer) -> None:
    pairs = policy(issuer).rows.keys()
    missing = next(
        (kind.slug, purpose)
        for kind in issuer.kinds.values()
        for purpose in Purpose
        if (kind.vct, purpose) not in pairs
    )
    with pytest.raises(RecognitionRefused, match="no row"):
        issuer.recognition.add("330000", kinds=frozenset({missing[0]}), purposes=frozenset({missing[1]}), **BY)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(each) for each in arguments], env={PASSPHRASE_VARIABLE: ""})


def test_on_the_command_line(tmp_path: Path) -> None:
    folder = tmp_path / "i"
    assert run("init", folder, "--region", "310000").exit_code == 0
    said = run("recognise", folder, "add", "330000", "--kind", "driving-licence", "--purpose", "roadside")
    assert (said.exit_code, "1 pairs" in said.stdout) == (0, True)
    listed: list[dict[str, Any]] = json.loads(run("recognise", folder, "list", "--json").stdout)
    assert listed == [{"region": "330000", "kind": "driving-licence", "purposes": ["roadside"]}]
    assert "driving-licence" in run("recognise", folder, "list", "--search", "33").stdout
    assert run("recognise", folder, "list", "--search", "nowhere").stdout == ""
    refused = run("recognise", folder, "add", "310000")
    assert refused.exit_code != 0
    assert "no other region" in refused.stderr
    assert json.loads(run("recognise", folder, "remove", "330000", "--json").stdout)["removed"] == 1
