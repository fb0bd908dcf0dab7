"""Rehearses a runbook upon a copy in a scratch folder, which publishes there alone and is thrown away.

Guaranteed: the authority's register, keys and stores are only read; that it was rehearsed, and how that ended, stands
in its audit trail. What is written for somebody outside lies in the scratch folder, too. Not rehearsed: what lives in a
token, for a copy would make keys in the same one.
"""

import base64
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from issuer import wiring
from issuer.application import Issuer
from issuer.backups import dumping, restoring
from issuer.keys.box import LIBSODIUM_MODERATE
from issuer.runbooks import running
from issuer.runbooks.book import Opens, Runbook, Scene
from issuer.runbooks.errors import AnswerRefused
from issuer.runbooks.running import Outcome, Say
from protocol.unixtime import UnixTime

FIRST, SECOND = "drill", "drill: second person"


def drill(
    live: Issuer | None,
    book: Runbook,
    answers: Mapping[str, str],
    *,
    opens: Opens,
    by: str,
    say: Say,
    now: Callable[[], UnixTime],
) -> Outcome:
    """Rehearse it, saying yes to every step.

    Args:
        live: The issuer whose copy it is; None where there is none (it is lost).
        book: The runbook.
        answers: In their form.
        opens: The real things, which keep to themselves.
        by: Who rehearses it.
        say: Is told of each step.
        now: The moment.

    Raises:
        AnswerRefused: The keys live in a token.
        RunbookStopped, IssuerError: As running it would.
    """
    if live is not None and live.profile.token is not None and book.touches_keys:
        raise AnswerRefused("its keys live in a token, and a copy would make keys in the same one")
    with tempfile.TemporaryDirectory(prefix="liangzheng-drill-") as name:
        scratch = Path(name)
        folder = scratch / "copy"
        if book.needs_issuer and live is not None:
            _copy(live, scratch, folder, now())
        outputs = {each.name: str(scratch / "out") for each in book.questions if each.is_output}
        scene = Scene(folder, {**answers, **outputs}, FIRST, SECOND, now, opens)
        outcome = "stopped"
        try:
            done = running.run(book, scene, resume=None, confirm=lambda _: True, say=say)
            outcome = "done"
        finally:
            scene.close()
            if live is not None:
                live.runs.note_drill(book.name, outcome, actor=by, at=now())
    return done


def _copy(live: Issuer, scratch: Path, folder: Path, at: UnixTime) -> None:
    words = base64.b64encode(wiring.random_bytes(24)).decode()
    file = scratch / "backup"
    dumping.dump(
        live.register,
        live.profile,
        live.places,
        file,
        words,
        random_bytes=wiring.random_bytes,
        cost=LIBSODIUM_MODERATE,
        at=at,
    )
    restoring.restore(file, folder, words, register_url=None, published=None, cost=LIBSODIUM_MODERATE)
    restoring.keep_to_itself(folder)
    for each in (live.places.published, live.places.imports, live.places.packages):
        if each.is_dir():
            shutil.copytree(each, folder / each.name, dirs_exist_ok=True)
