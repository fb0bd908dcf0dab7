"""A check number at the console: an officer's act about it, or who can explain it."""

from issuer.application import Issuer
from issuer.issuance import Issued
from issuer.people.roles import Role
from tests.issuer import builders
from tests.issuer.builders import AT, DRIVING
from tests.issuer.consoles import Clock, console_of
from tests.issuer.test_officers_acts import LATER, arrive, signed


def test_a_check_number_leads_to_the_act_and_the_licence_of_the_own_department(issuer: Issuer) -> None:
    licence: Issued = issuer.issue("driving-licence", DRIVING, builders.holder_key(), at=AT)
    arrive(issuer, signed(issuer, licence))
    console = console_of(issuer, clock=Clock(LATER))
    clerk = console.person(Role.CLERK)
    page = clerk.get("/check?search=7k3-q42").text
    assert f"/console/licences/{licence.licence_id}" in page
    assert DRIVING["name"] not in page
    assert "terminal explain DIR 7K3-Q42" in page
    health = console.person(Role.CLERK, departments=["health"])
    assert licence.licence_id not in health.get("/check?search=7K3-Q42").text
    assert "机关没有收到" in clerk.get("/check?search=AAA-AAA").text
    assert "<img" not in clerk.get("/check?search=%3Cimg%3E").text
    assert console.person(Role.ADMINISTRATOR).get("/check").status_code == 403
