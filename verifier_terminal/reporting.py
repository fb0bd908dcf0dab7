"""Reports to the operator while a terminal runs: a heartbeat every few minutes, rows as they come, renewals.

A thread of its own, so that no verdict and no poll waits for the operator's server. While nobody answers, it asks less
and less often, with jitter, for a thousand terminals come back at once. Not handled here: what is sent and signed
(`reports`), what an answer means (`sync.uplink`).
"""

import threading
from collections.abc import Callable
from typing import Final, Protocol

from protocol.terminal_certificate import TerminalCertificate
from protocol.unixtime import Seconds
from verifier_terminal.errors import FetchError, TerminalError
from verifier_terminal.reports import Reports
from verifier_terminal.store import outbox
from verifier_terminal.sync.uplink import Outcome, Uplink

BEAT_EVERY: Final = 300.0
LOOK_EVERY: Final = 5.0
"""How often it is looked whether a row waits: an officer's act leaves within seconds."""
FIRST_WAIT: Final = 10.0
LONGEST_WAIT: Final = 3_600.0
RENEW_AGAIN: Final = 600.0


class Reporter(Protocol):
    """The session, as far as it reports."""

    @property
    def reports(self) -> Reports: ...

    def install_certificate(self, encoded: bytes) -> TerminalCertificate:
        """Raises: TerminalError."""
        ...


class Reporting:
    """The reporting of one session. Start it once, stop it once."""

    def __init__(
        self,
        session: Reporter,
        uplink: Uplink,
        *,
        beat: Callable[[], bytes],
        elapsed_seconds: Callable[[], float],
        jitter: Callable[[float], float],
        tell: Callable[[str], None],
    ) -> None:
        """Starts nothing yet.

        Args:
            session: Open.
            uplink: The way to the operator's server.
            beat: Makes the body of a heartbeat.
            elapsed_seconds: A clock that only counts.
            jitter: Makes a wait a little longer or shorter.
            tell: What went wrong, in words.
        """
        self._session, self._uplink, self._beat = session, uplink, beat
        self._elapsed_seconds, self._jitter, self._tell = elapsed_seconds, jitter, tell
        self._beat_due = self._renewal_due = self._online_due = elapsed_seconds()
        self._failures = 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="report", daemon=True)

    def start(self) -> None:
        """Begins with whatever waited when the terminal was switched off."""
        self._thread.start()

    def stop(self, *, patience: float) -> None:
        """Ends the thread; one that waits for a server is left to its deadline after this many seconds."""
        self._stopped.set()
        self._thread.join(patience)

    def round(self) -> None:
        """Whatever is due now: a heartbeat, the next certificate, rows. Never raises."""
        try:
            self._put_beat()
            if self._elapsed_seconds() >= self._online_due:
                self._renew()
                self._send()
        except FetchError as failure:
            # Nobody answers: everything waits, not this row alone.
            self._failures += 1
            self._online_due = self._elapsed_seconds() + self._wait(self._failures)
            self._say(str(failure))
        except (TerminalError, OSError) as failure:
            self._say(str(failure))
        except Exception as broken:  # noqa: BLE001 — a fault of the program ends one round, and no thread
            self._say(f"reporting broke down ({type(broken).__name__})")

    def _run(self) -> None:
        try:
            self._session.reports.hasten()
        except TerminalError as failure:
            self._say(str(failure))
        while not self._stopped.is_set():
            self.round()
            self._stopped.wait(LOOK_EVERY)

    def _put_beat(self) -> None:
        now = self._elapsed_seconds()
        if now >= self._beat_due:
            self._beat_due = now + self._jitter(BEAT_EVERY)
            self._session.reports.put_heartbeat(self._beat())

    def _renew(self) -> None:
        if self._elapsed_seconds() < self._renewal_due:
            return
        wanted = self._session.reports.wanted_renewal()
        if wanted is None:
            return
        # Whatever comes of it: a region that says no is not asked every few seconds.
        self._renewal_due = self._elapsed_seconds() + self._jitter(RENEW_AGAIN)
        try:
            encoded = self._uplink.renew(wanted.terminal, wanted.encoded)
            self._session.install_certificate(encoded)
        except TerminalError as failure:
            self._say(f"the certificate is not renewed yet: {failure}")

    def _send(self) -> None:
        reports = self._session.reports
        while signed := reports.due():
            for each in signed:
                if self._stopped.is_set():
                    return
                # With each sign of life it is asked what was decided about acts that were sent before.
                acts = reports.undecided_acts() if each.row.kind == outbox.HEARTBEAT else ()
                sent = self._uplink.send(each.terminal, each.encoded, key=each.row.key, acts=acts)
                self._failures = 0
                match sent.outcome:
                    case Outcome.TAKEN:
                        reports.taken(each.row)
                        reports.decided(sent.decisions)
                    case Outcome.REFUSED:
                        reports.refused(each.row, status=sent.status, word=sent.word)
                        self._say(f"{each.row.kind}: given up, the operator says {sent.status} {sent.word}")
                    case Outcome.LATER:
                        reports.put_off(each.row, by=Seconds(int(self._wait(each.row.tries + 1))))
                        self._say(f"{each.row.kind}: status {sent.status} {sent.word}; it is sent again later")

    def _wait(self, tries: int) -> float:
        return self._jitter(min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(tries - 1, 16)))

    def _say(self, words: str) -> None:
        if not self._stopped.is_set():
            self._tell(words)
