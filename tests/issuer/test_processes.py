"""Several processes on one folder, and one that is killed while the key is in use."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from issuer.application import Issuer
from protocol.status_list import Status
from tests.issuer.builders import AT, DRIVING, ID_CARD, holder_key, made, published_status, randomness

ROOT = Path(__file__).resolve().parents[2]
ISSUE = """
import sys
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
from tests.issuer.builders import AT, DRIVING, holder_key
class Deadly:
    def __init__(self, signer):
        self.public_key, self.sign = signer.public_key, lambda message: os.kill(os.getpid(), signal.SIGKILL)
with wiring.open_issuer(Path(sys.argv[1]), passphrase=None) as issuer:
    issuer._issuance._assertion = Deadly(issuer._signers.assertion)
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
        indices = {event.idx for record in records for event in issuer.events(record.id)}
        assert len(records) == len(indices) == 9
        assert {published_status(issuer, idx) for idx in indices} == {Status.SUSPENDED}
        assert issuer.publish(at=AT).status_seq == {"lz:310000/1": 1 + 9 + 1}


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
        assert issuer.issue("id-card", ID_CARD, holder_key(), at=AT).idx != issuer.open_intents()[0].idx
