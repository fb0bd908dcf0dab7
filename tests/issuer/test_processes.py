"""Several processes on one folder, and one that is killed while the key is in use."""

import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from issuer.application import Issuer
from protocol.status_list import Status
from tests.issuer.builders import AT, DRIVING, ID_CARD, holder_key, made, published_status, randomness

ROOT = Path(__file__).resolve().parents[2]
ISSUE = """
import sys
from collections import Counter
from pathlib import Path
from issuer import wiring
from tests.issuer.builders import AT, DRIVING, holder_key
with wiring.open_issuer(Path(sys.argv[1]), passphrase=None) as issuer:
    for number in range(3):
        issued = issuer.issue("driving-licence", DRIVING, holder_key(), at=AT)
        issuer.suspend(issued.licence_id, reason="test", actor="test", at=AT)
"""
KILLED = """
import os, signal, sys
from pathlib import Path
from issuer import wiring
from protocol.keys import kid_of
from tests.issuer.builders import AT, DRIVING, holder_key
class Deadly:
    def __init__(self, signer):
        self.public_key, self.sign = signer.public_key, lambda message: os.kill(os.getpid(), signal.SIGKILL)
with wiring.open_issuer(Path(sys.argv[1]), passphrase=None) as issuer:
    real = issuer._signers.assertion
    issuer.ring._first[kid_of(real.public_key)] = Deadly(real)
    issuer.issue("driving-licence", DRIVING, holder_key(), at=AT)
"""


def started(script: str, folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", script, str(folder)], cwd=ROOT, stderr=subprocess.PIPE
    )


def test_three_processes_issue_and_publish_at_once(tmp_path: Path) -> None:
    made(tmp_path / "i").close()
    children = [started(ISSUE, tmp_path / "i") for _ in range(3)]
    errors = [child.communicate(timeout=120)[1] for child in children]
    assert errors == [b"", b"", b""]
    with Issuer.open(tmp_path / "i", passphrase=None, random_bytes=randomness(2)) as issuer:
        records = issuer.list()
        events = [event for record in records for event in issuer.events(record.id)]
        assert len(records) == len(events) == len({(event.list_number, event.idx) for event in events}) == 9
        assert {published_status(issuer, event) for event in events} == {Status.SUSPENDED}
        # A list is signed once when it is opened, and then at most once for each of its changes.
        changes = Counter(f"lz:310000/{event.list_number}" for event in events)
        assert {
            uri: 2 <= seq <= 1 + changes[uri] for uri, seq in issuer.publish(at=AT).status_seq.items() if uri in changes
        } == dict.fromkeys(changes, True)
        assert {seq for uri, seq in issuer.publish(at=AT).status_seq.items() if uri not in changes} == {1}


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_process_killed_while_signing_leaves_its_intent(tmp_path: Path) -> None:
    made(tmp_path / "i").close()
    child = started(KILLED, tmp_path / "i")
    child.communicate(timeout=120)
    assert child.returncode == -signal.SIGKILL
    with Issuer.open(tmp_path / "i", passphrase=None, random_bytes=randomness(2)) as issuer:
        assert sorted(intent.layout for intent in issuer.open_intents()) == ["F", "roadside", "window"]
        (record,) = issuer.list()
        assert (record.subject, record.finished) == (DRIVING, False)
        # The index stays taken, and the folder works on.
        issued, intent = issuer.issue("id-card", ID_CARD, holder_key(), at=AT), issuer.open_intents()[0]
        assert (issued.list_number, issued.idx) != (intent.list_number, intent.idx)
