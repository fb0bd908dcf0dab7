"""People, sessions and what they look through, on SQLite and on PostgreSQL."""

from issuer.application import Issuer
from issuer.people.roles import Role
from protocol.unixtime import UnixTime
from tests.issuer.builders import AT, DRIVING, ID_CARD, holder_key
from tests.issuer.consoles import console_of
from tests.issuer.test_console_door import Authenticator, joined, sign_in


def test_people_come_in_find_change_and_leave(issuer: Issuer) -> None:
    console, device = console_of(issuer), Authenticator(credential_id=b"\x02" * 32)
    assert joined(console, device, *Role).get("/").status_code == 200
    visitor, status = sign_in(console, device)
    assert status == 200
    licence_id = issuer.issue("driving-licence", {**DRIVING, "valid_to": "2026-12-10"}, holder_key(), at=AT).licence_id
    card = issuer.issue("id-card", ID_CARD, holder_key(), at=AT).licence_id
    issuer.suspend(card, reason="样例", actor="test", at=UnixTime(AT - 7_200))
    assert issuer.overview.changes_by_hour(hours=24, at=AT) == {2: 1}
    for page in ("/licences", "/expiring?days=30"):
        assert licence_id in visitor.get(page).text
    for page in ("/audit", "/publishing", "/people", "/keys", "/imports", "/proposals", "/equipment", "/fleet"):
        assert visitor.get(page).status_code == 200, page
    kinds = {kind.slug: vct for vct, kind in issuer.kinds.items()}
    assert [each.id for each in issuer.overview.found("测试员", kinds=[kinds["id-card"]])] == [card]
    (person,) = issuer.people.listed(search="测试员丁")
    console.person(Role.ADMINISTRATOR)
    issuer.people.disable(person.id, actor="test", at=AT)
    assert visitor.get("/").status_code == 303
    assert sign_in(console, device)[1] == 401
