"""Pages that change a licence: who is affected is shown first, a reason is demanded, and nothing happens by one click.

1 the page says who and what is affected and asks why · 2 it says all of it again, with the reason · 3 it is done, in
the register and in what is published. If publishing fails then, the page says that the change stands.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from flask import Response, request

from issuer.console.desk import Desk
from issuer.console.finding import SUSPENDING, offered
from issuer.devices.register import DeviceRecord
from issuer.errors import DeviceUnknown, PublishingFailed, ReasonRefused, TransitionRefused
from issuer.lifecycle import CAN_WAIT, TRANSITIONS, LegalChange, check_reason
from issuer.people.roles import May
from issuer.register import LicenceRecord
from protocol.status_list import Status
from protocol.unixtime import UnixTime

_ENDS: Final = ", ".join(each for each in LegalChange if each not in (*SUSPENDING, LegalChange.SUPERSEDE))


@dataclass(frozen=True, slots=True)
class Affected:
    """What a change reaches beside the licence itself."""

    devices: int
    papers: int
    mandates: int


def add_pages(desk: Desk) -> None:
    """Put these pages in."""

    @desk.page("/licences/<licence_id>/<any(suspend, reinstate):change>", may=May.SUSPEND, post=True)
    def suspend(licence_id: str, change: str) -> Response:
        return _change(desk, licence_id, LegalChange(change))

    @desk.page(f"/licences/<licence_id>/<any({_ENDS}):change>", may=May.END, post=True)
    def end(licence_id: str, change: str) -> Response:
        return _change(desk, licence_id, LegalChange(change))

    @desk.page("/licences/<licence_id>/lost/<device>", may=May.ISSUE, post=True)
    def lost(licence_id: str, device: str) -> Response:
        record, at = desk.licence(licence_id), desk.now()
        its = _device(desk, record, device, at)
        return _in_two_steps(
            desk,
            record,
            act="lost",
            template_values={"device": its, "then": Status.DEVICE_LOST, "affected": None, "waits": False},
            do=lambda reason: desk.issuer.devices.report_lost(
                record.id, its.key_thumbprint.hex(), reason=reason, actor=desk.person.id, at=at
            ),
        )


def _change(desk: Desk, licence_id: str, change: LegalChange) -> Response:
    record, at = desk.licence(licence_id), desk.now()
    if change not in offered(desk, record):
        raise TransitionRefused(f"the licence is {record.status.name.lower()}")
    issuer = desk.issuer
    affected = Affected(
        sum(each.in_force for each in issuer.devices.listed(record.id, at=at) if not each.is_agents),
        sum(each.status is Status.VALID and at < each.exp for each in issuer.papers.listed(record.id)),
        sum(each.is_in_force(at) for each in issuer.mandates.listed(record.id)),
    )
    return _in_two_steps(
        desk,
        record,
        act=change.value,
        template_values={
            "device": None,
            "then": TRANSITIONS[change][record.status],
            "affected": affected,
            "waits": change in CAN_WAIT,
        },
        do=lambda reason: issuer.change(record.id, change, reason=reason, actor=desk.person.id, at=at),
    )


def _in_two_steps(
    desk: Desk,
    record: LicenceRecord,
    *,
    act: str,
    template_values: dict[str, Any],
    do: Callable[[str], object],
) -> Response:
    reason, wrong = request.form.get("reason", "").strip(), ""
    values: dict[str, Any] = {"record": record, "act": act, "reason": reason, **template_values}
    if request.method == "POST":
        try:
            # 2
            check_reason(reason)
        except ReasonRefused:
            wrong = "change.reason_wrong"
        else:
            if request.form.get("step") != "do":
                return desk.render("change_review.html", **values)
            # 3
            try:
                do(reason)
            except PublishingFailed:
                return desk.go("licence", licence_id=record.id, said="unpublished")
            return desk.go("licence", licence_id=record.id, said=act)
    # 1: whoever decides about somebody sees whom, by name; that is written down as every other look.
    desk.issuer.people.note("preview", "licence", record.id, actor=desk.person.id, at=desk.now())
    return desk.render("change.html", 422 if wrong else 200, wrong=wrong, **values)


def _device(desk: Desk, record: LicenceRecord, named: str, at: UnixTime) -> DeviceRecord:
    for each in desk.issuer.devices.listed(record.id, at=at):
        if each.key_thumbprint.hex() == named and each.in_force:
            return each
    raise DeviceUnknown("no device of this licence is named so")
