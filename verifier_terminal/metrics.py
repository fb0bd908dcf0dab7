"""The terminal's figures for an operator's monitoring, as Prometheus reads them: ages, queues, verdicts and reasons.

Counts are of this run and begin at nothing; ages and queues are asked for at each reading. Nothing here is about a
person: no check number, kind or code, only classes, reasons and regions, whose sets are small and fixed. Names end in
their unit (Prometheus, "Metric and label naming"). Not handled here: who may read them (the page's server does).
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from hardware.devices import Connected, DecoderReplaced, Discarded, GuidanceGiven, Lost
from protocol.errors import Code
from verifier_terminal.appraisal.verdict import VerdictClass
from verifier_terminal.events import DeviceNews, PersonChecked, SessionEvent, ShownVerdict
from verifier_terminal.standing import TerminalStatus
from verifier_terminal.sync.connectivity import Link

_PREFIX: Final = "liangzheng_terminal_"


class Tally:
    """Counts events as they are published, by whatever thread; a listener that is never too slow."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.verdicts: Counter[VerdictClass] = Counter()
        self.reasons: Counter[Code] = Counter()
        self.repeats = 0
        self.persons: Counter[bool] = Counter()
        self.devices: Counter[str] = Counter()

    def offer(self, event: SessionEvent) -> bool:
        """Counts the event and is never full."""
        with self._lock:
            self._count(event)
        return True

    def _count(self, event: SessionEvent) -> None:
        match event:
            case ShownVerdict(same_act=True):
                self.repeats += 1
            case ShownVerdict(verdict=verdict):
                self.verdicts[verdict.verdict_class] += 1
                self.reasons.update({finding.code for each in (verdict, *verdict.members) for finding in each.findings})
            case PersonChecked(matches=matches):
                self.persons[matches] += 1
            case DeviceNews(event=said):
                word = _device_word(said)
                if word is not None:
                    self.devices[word] += 1
            case _:
                pass


def _device_word(said: object) -> str | None:
    match said:
        case Connected():
            return "connected"
        case Lost():
            return "lost"
        case Discarded():
            return "discarded"
        case DecoderReplaced():
            return "decoder_replaced"
        case GuidanceGiven():
            return "guidance"
        case _:
            return None


class _Standing(Collector):
    """Asks how the terminal stands whenever it is read."""

    def __init__(self, status: Callable[[], TerminalStatus], tally: Tally) -> None:
        self._status = status
        self._tally = tally

    def collect(self) -> Iterator[Metric]:
        status = self._status()
        yield from _counts(self._tally)
        yield _gauge("out_of_order", "1 while no verdict can be written down", status.out_of_order is not None)
        yield _gauge("provisioned", "1 while trust list, catalogue and policy are held", status.provisioned)
        yield _gauge("online", "1 while a region's server was reached last", status.connectivity.link is Link.ONLINE)
        yield from _ages(status)
        yield _gauge("clock_plausible", "0 when the clock cannot be right", status.clock.plausible)
        yield _gauge("clock_uncertainty_seconds", "How wrong the clock may be", float(status.clock.uncertainty))
        yield _gauge("recheck_queue", "Acceptances on old knowledge that wait", float(status.recheck_queue))
        yield _gauge("alarms", "Acceptances found wrong, not acknowledged", float(len(status.alarms)))
        yield _gauge("double_shows", "Codes of another terminal too, not acknowledged", float(len(status.double_shows)))
        yield _gauge("feed_alarms", "What regions should never have signed", float(len(status.feed_alarms)))
        yield _gauge("damaged_documents", "Held and not readable", float(len(status.damaged)))
        yield _gauge("journal_rows", "Rows of the journal", float(status.journal_rows))
        yield _gauge("open_requests", "Requests that wait for an answer", float(status.open_requests))
        certificate = status.certification.certificate
        good = certificate is not None and status.certification.trouble is None
        yield _gauge("certificate_good", "1 while the terminal may ask and give receipts", good)
        if certificate is not None:
            left = float(certificate.exp - status.at)
            yield _gauge("certificate_left_seconds", "Until the terminal's certificate ends; negative after it", left)


def _counts(tally: Tally) -> Iterator[Metric]:
    verdicts = _counter("verdicts", "Checks by the verdict's class", ["class"])
    for each in VerdictClass:
        verdicts.add_metric([each.value], tally.verdicts[each])
    yield verdicts
    reasons = _counter("findings", "Checks in which this reason was found", ["code"])
    for code, count in sorted(tally.reasons.items()):
        reasons.add_metric([code.value], count)
    yield reasons
    yield _single("repeated_scans", "Scans of a code that was still in view", tally.repeats)
    persons = _counter("person_checks", "Comparisons of the person", ["matches"])
    for matches in (True, False):
        persons.add_metric(["yes" if matches else "no"], tally.persons[matches])
    yield persons
    devices = _counter("device_events", "What scanners and cameras said of themselves", ["event"])
    for word, count in sorted(tally.devices.items()):
        devices.add_metric([word], count)
    yield devices


def _ages(status: TerminalStatus) -> Iterator[Metric]:
    for name, age in (("trust", status.ages.trust), ("policy", status.ages.policy), ("clock", status.ages.clock)):
        # What is not held has no age: the series is absent, and the rules ask for that.
        if age is not None:
            yield _gauge(f"{name}_age_seconds", f"Age of the {name}", float(age))
    ages = GaugeMetricFamily(f"{_PREFIX}status_age_seconds", "Age of a region's status data", labels=["region", "home"])
    grades = GaugeMetricFamily(f"{_PREFIX}status_grade", "0 fresh, 1 recent … 5 unknown", labels=["region", "home"])
    for each in status.regions:
        labels = [each.region, "yes" if each.is_home else "no"]
        if each.status_age is not None:
            ages.add_metric(labels, float(each.status_age))
        grades.add_metric(labels, float(each.grade))
    yield ages
    yield grades


def _gauge(name: str, says: str, value: float) -> Metric:
    return GaugeMetricFamily(f"{_PREFIX}{name}", says, value=float(value))


def _counter(name: str, says: str, labels: list[str]) -> CounterMetricFamily:
    return CounterMetricFamily(f"{_PREFIX}{name}", says, labels=labels)


def _single(name: str, says: str, value: float) -> Metric:
    return CounterMetricFamily(f"{_PREFIX}{name}", says, value=value)


class Metrics:
    """The figures of one session."""

    def __init__(self, status: Callable[[], TerminalStatus], tally: Tally) -> None:
        """Reads nothing yet; `tally` must have been given to the session's publisher."""
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(_Standing(status, tally))

    def text(self) -> bytes:
        """All figures in the text format 0.0.4."""
        return generate_latest(self._registry)
