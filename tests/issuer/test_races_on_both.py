"""Two hundred clients in several processes act on one licence at once: no update is lost. On both databases."""

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

from issuer.application import Issuer
from issuer.lifecycle import TRANSITIONS, LegalChange
from protocol.status_list import Status
from tests.issuer.builders import AT, ID_CARD, holder_key, published_status

ROOT = Path(__file__).resolve().parents[2]
PROCESSES, CLIENTS = 2, 100
CLIENT = """
import json, sys, threading
from pathlib import Path
from issuer import lifecycle, wiring
from issuer.errors import TransitionRefused
from issuer.lifecycle import LegalChange
from tests.issuer.builders import AT
folder, licence, process, clients = sys.argv[1:]
changes = (LegalChange.SUSPEND, LegalChange.REINSTATE, LegalChange.SUSPEND, LegalChange.REINSTATE, LegalChange.REVOKE,
           LegalChange.WITHDRAW, LegalChange.CANCEL, LegalChange.SUPERSEDE)
won, together = [], threading.Barrier(int(clients))
def client(number):
    actor, change = f"{process}-{number}", changes[number % len(changes)]
    together.wait()
    try:
        lifecycle.change(issuer._register, licence, change, reason="race", actor=actor, at=AT, below=lambda _: 0)
    except TransitionRefused:
        return
    won.append([actor, change.value])
with wiring.open_issuer(Path(folder), passphrase=None) as issuer:
    threads = [threading.Thread(target=client, args=(number,)) for number in range(int(clients))]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
print(json.dumps(won))
"""


def test_two_hundred_clients_on_one_licence_lose_no_update(issuer: Issuer) -> None:
    issued = issuer.issue("id-card", ID_CARD, holder_key(), at=AT)
    issuer.issue_again(issued.licence_id, holder_key(2), at=AT)
    arguments = [str(issuer.places.folder), issued.licence_id]
    children = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", CLIENT, *arguments, str(number), str(CLIENTS)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for number in range(PROCESSES)
    ]
    ended = [child.communicate(timeout=240) for child in children]
    assert [error for _, error in ended] == [b""] * PROCESSES
    won = {(actor, change) for said, _ in ended for actor, change in json.loads(said)}
    # Whoever was told that it is done is in the trail, once, and nobody else is.
    acts = [each for each in issuer.audit.everything() if each.act not in ("issue", "issue-again")]
    assert len(acts) == len(won)
    assert {(each.actor, each.act) for each in acts} == won
    # Each change starts from where the one before ended: none was made upon what another one had changed already.
    state = Status.VALID
    for each in acts:
        assert state in TRANSITIONS[LegalChange(each.act)]
        state = TRANSITIONS[LegalChange(each.act)][state]
    assert state.is_final
    assert issuer.licence(issued.licence_id).status is state
    events = issuer.events(issued.licence_id)
    assert len(events) == 2 * len(acts)
    for idx in {(each.list_number, each.idx) for each in events}:
        of_entry = [each for each in events if (each.list_number, each.idx) == idx]
        assert [each.actor for each in of_entry] == [each.actor for each in acts]
        assert all(before.new is after.old for before, after in pairwise(of_entry))
    issuer.publish(at=AT)
    assert published_status(issuer, issued) == state
    assert issuer.audit.verify().position == len(acts) + 2
