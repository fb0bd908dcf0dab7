"""What a verdict keeps for a receipt and for a portrait: demanded items alone, and only where they are shown."""

import pytest

from protocol import receipt
from protocol.labels import Lic, Purpose
from protocol.qr import envelope
from protocol.sd_cwt import disclosure
from protocol.status_list import Status
from tests.appraisal.terminal import SHOWN, Terminal
from tests.utopia.kinds import DRIVING_LICENCE
from verifier_terminal.appraisal.verdict import Licence, ReceiptEvidence

PORTRAIT = bytes(range(32))


def licence(terminal: Terminal, text: str | None = None) -> Licence:
    found = terminal.appraise(text).licence
    assert found is not None
    return found


def evidence(terminal: Terminal, text: str | None = None) -> ReceiptEvidence:
    found = licence(terminal, text).evidence
    assert found is not None
    return found


def test_chosen_items_come_with_the_disclosures_that_let_them_out(terminal: Terminal) -> None:
    issued = terminal.world.credential()
    shown = (*SHOWN, Lic.SEX)
    kept = evidence(terminal, terminal.code(issued, shown=shown))
    assert kept.vct == DRIVING_LICENCE
    # Clear items stand beside the chosen ones: they were shown too.
    assert set(kept.items) == {*shown, Lic.CLASS, Lic.VALID_FROM, Lic.VALID_TO}
    assert set(kept.disclosures) == set(issued.disclosures(shown))
    assert receipt.redacted_hashes(kept.disclosures).hashes


def test_a_view_has_no_disclosures(terminal: Terminal) -> None:
    view = terminal.world.credential(view=Purpose.WINDOW)
    kept = evidence(terminal, envelope.wrap(terminal.world.presentation(view)))
    assert kept.disclosures == ()
    assert set(kept.items) == {Lic.NAME, Lic.CLASS, Lic.LICENCE_NO, Lic.VALID_TO}


def test_values_are_whole_where_a_clerk_sees_a_mask(terminal: Terminal) -> None:
    terminal.set_row(masked=frozenset({int(Lic.NAME)}))
    found = licence(terminal)
    assert found.evidence is not None
    assert found.claims is not None
    assert "*" in str(found.claims["name"])
    assert found.evidence.items[Lic.NAME] == "测试员甲"


def test_what_nobody_demanded_is_dropped_with_its_disclosures(terminal: Terminal) -> None:
    terminal.set_row(optional=frozenset({int(Lic.SEX)}))
    issued = terminal.world.credential()
    text = terminal.code(issued, shown=(*SHOWN, Lic.SEX, Lic.AUTHORITY, Lic.ADDRESS))
    kept = evidence(terminal, text)
    assert Lic.ADDRESS not in kept.items
    assert Lic.AUTHORITY not in kept.items
    # The group of the demanded item stays, and the one of the other does not; no value of either leaves.
    assert set(kept.disclosures) == set(issued.disclosures((*SHOWN, Lic.SEX)))
    assert Lic.ADDRESS not in {disclosure.parse(each).key for each in kept.disclosures}
    assert "address" not in (licence(terminal, text).claims or ())


def test_what_is_not_shown_leaves_nothing_behind(terminal: Terminal) -> None:
    terminal.set_status(Status.REVOKED)
    found = licence(terminal, terminal.code(shown=(*SHOWN, Lic.PORTRAIT_SHA256)))
    assert (found.claims, found.evidence, found.portrait_sha256) == (None, None, None)
    terminal.set_row(show_under_refusal=True)
    found = licence(terminal, terminal.code(shown=(*SHOWN, Lic.PORTRAIT_SHA256)))
    assert found.evidence is not None
    assert found.portrait_sha256 == PORTRAIT


def test_the_values_stand_in_no_repr(terminal: Terminal) -> None:
    found = licence(terminal)
    assert found.evidence is not None
    assert "evidence" not in repr(found)


@pytest.mark.parametrize("demanded", [True, False])
def test_a_portrait_is_named_by_its_whole_digest_where_policy_shows_it(terminal: Terminal, demanded: bool) -> None:
    optional = frozenset({int(Lic.PORTRAIT_SHA256)}) if demanded else frozenset()
    terminal.set_row(optional=optional)
    found = licence(terminal, terminal.code(shown=(*SHOWN, Lic.PORTRAIT_SHA256)))
    assert found.portrait_sha256 == (PORTRAIT if demanded else None)
    assert licence(terminal).portrait_sha256 is None
