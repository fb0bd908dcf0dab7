"""Every page of the console against every role: what is not in the table is refused, and what is changes by forms."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from issuer.application import Issuer
from issuer.console.desk import Demand
from issuer.openid4vci.offering import Made, Wish
from issuer.people.roles import TABLE, May, Role
from tests.issuer import builders
from tests.issuer.builders import AT, DRIVING, TOKEN, holder_key
from tests.issuer.consoles import PROVEN_LONG_AGO, Console, console_of

AT_THE_DOOR = {
    "sign_in",
    "join",
    "passkey_begin",
    "passkey_end",
    "single_sign_on",
    "came_back",
    "choose_language",
    "asset",
}
DANGEROUS_FORMS = {"end", "add_person", "person", "invite_again", "disable"}


@dataclass(frozen=True)
class World:
    console: Console
    licence_id: str
    device: str
    person_id: str
    kid: str
    application_id: str
    offer_id: str

    def paths(self) -> Iterator[tuple[str, str, str]]:
        """Endpoint, method and an address of every page that is not at the door."""
        values = {
            "licence_id": self.licence_id,
            "device": self.device,
            "person_id": self.person_id,
            "slug": "driving-licence",
            "import_id": "A" * 22,
            "upload": "A" * 22,
            "kid": self.kid,
            "proposal_id": "A" * 22,
            "application_id": self.application_id,
            "offer_id": self.offer_id,
        }
        for rule in self.console.app.url_map.iter_rules():
            blueprint, _, endpoint = rule.endpoint.partition(".")
            if blueprint != "console" or endpoint in AT_THE_DOOR:
                continue
            words = re.findall(r"any\(([^)]*)\):", rule.rule)
            for word in words[0].split(", ") if words else [""]:
                with self.console.app.test_request_context("/", base_url="http://localhost"):
                    wanted = {name: values.get(name, word) for name in rule.arguments}
                    path = rule.build(wanted)
                assert path is not None
                for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                    yield endpoint, method, path[1].removeprefix("/console")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with builders.made(tmp_path_factory.mktemp("console") / "issuer") as issuer:
        console = console_of(issuer)
        licence_id = issuer.issue("driving-licence", DRIVING, holder_key(), at=AT).licence_id
        (device,) = issuer.devices.listed(licence_id, at=AT)
        somebody, _ = issuer.people.add("测试员己", roles=[Role.CLERK], departments=["*"], actor="test", at=AT)
        kid = issuer.keys.listed()[0].kid.hex()
        applied = issuer.applications.file("driving-licence", DRIVING, portrait=None, by="test", at=AT)
        made = offered(issuer, licence_id)
        yield World(console, licence_id, device.key_thumbprint.hex(), somebody.id, kid, applied.id, made.offer_id)


def offered(issuer: Issuer, licence_id: str) -> Made:
    wish = Wish(licence_id=licence_id)
    return issuer.wallet_issuing.offers.make(wish, issuer_url="https://example.invalid", actor="test", at=AT)


def demanded(world: World, endpoint: str) -> Demand:
    return world.console.desk.demands[endpoint]


def test_the_table_says_what_stands_at_the_door(world: World) -> None:
    at_the_door = {name for name, demand in world.console.desk.demands.items() if demand.may is None}
    assert at_the_door == AT_THE_DOOR
    assert {name for name, demand in world.console.desk.demands.items() if demand.proven} >= DANGEROUS_FORMS
    assert {each for _, may in TABLE.items() for each in may} == set(May)


@pytest.mark.parametrize("role", Role)
def test_a_role_opens_its_pages_and_no_other(world: World, role: Role) -> None:
    visitor, seen = world.console.person(role), 0
    for endpoint, method, path in world.paths():
        may = demanded(world, endpoint).may in TABLE[role]
        if method == "POST":
            if may and endpoint in {"sign_out", "show", "disable", "invite_again", "exchange_keys"}:
                continue
            answer = visitor.post(path)
        else:
            answer = visitor.get(path)
        assert (answer.status_code != 403) is may, f"{role} {method} {path}: {answer.status_code}"
        assert answer.status_code < 500, path
        seen += 1
    assert seen > 25


def test_a_stranger_and_a_token_of_the_interface_open_nothing(world: World) -> None:
    bearer = {"headers": {"Authorization": f"Bearer {TOKEN}"}}
    for _, method, path in world.paths():
        for more in ({}, bearer):
            visitor = world.console.stranger()
            answer = visitor.get(path, **more) if method == "GET" else visitor.post(path, **more)
            assert answer.status_code == 303, path
            assert answer.location.startswith("/console/sign-in"), path
            assert "<main" not in answer.text


def test_a_form_of_elsewhere_changes_nothing(world: World) -> None:
    visitor = world.console.person(*Role)
    other = world.console.person(*Role)
    before = world.console.issuer.audit.head()
    for _, method, path in world.paths():
        if method != "POST":
            continue
        for form_key, origin in (
            ("", "http://localhost"),
            (other.form_key, "http://localhost"),
            (visitor.form_key, "https://evil.example"),
            (visitor.form_key, "null"),
            (visitor.form_key, "http://localhost.evil.example"),
            (visitor.form_key, None),
        ):
            headers = {} if origin is None else {"Origin": origin}
            form = {"form_key": form_key, "reason": "样例", "step": "do"}
            answer = visitor.client.post(f"/console{path}", data=form, headers=headers)
            assert answer.status_code == 403, (path, form_key == "", origin)
    assert world.console.issuer.audit.head() == before


def test_what_is_dangerous_needs_a_proof_that_is_minutes_old(world: World) -> None:
    visitor = world.console.person(*Role, proven_at=PROVEN_LONG_AGO)
    before, dangerous = world.console.issuer.audit.head(), 0
    for endpoint, method, path in world.paths():
        if not demanded(world, endpoint).proven:
            continue
        dangerous += 1
        if method == "GET":
            assert visitor.get(path).location.startswith("/console/prove?to=/console/"), path
        else:
            assert visitor.post(path, {"reason": "样例", "step": "do", "role": "clerk"}).status_code == 403, path
    assert dangerous >= 10
    assert world.console.issuer.audit.head() == before


def test_every_answer_refuses_frames_sniffing_and_foreign_content(world: World) -> None:
    visitor = world.console.person(*Role)
    answers = [visitor.get(path) for _, method, path in world.paths() if method == "GET"]
    answers += [visitor.get(path) for path in ("/sign-in", "/join/none", "/nothing", "/language/en")]
    answers += [visitor.post("/people/new", headers={"Origin": "null"})]
    for answer in answers:
        policy = answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert not re.search(
            r"<script(?! src=\"/console/static/)|\sstyle=|\son[a-z]+=|(src|href)=\"https?:", answer.text
        )


def test_a_page_that_demands_nothing_is_shut(world: World) -> None:
    console = world.console
    console.desk._demands.pop("fleet")
    try:
        assert console.person(*Role).get("/fleet").status_code == 403
    finally:
        console.desk._demands["fleet"] = Demand(May.WATCH, False)


def test_nobody_changes_their_own_roles(world: World) -> None:
    visitor = world.console.person(Role.ADMINISTRATOR)
    assert visitor.person is not None
    own = f"/people/{visitor.person.id}"
    assert visitor.post(own, {"role": "approver", "department": "*"}).status_code == 403
    assert visitor.post(f"{own}/disable").status_code == 403
    assert visitor.post(f"{own}/invite").status_code == 403
    assert world.console.issuer.people.one(visitor.person.id) == visitor.person


def test_another_department_s_licence_is_as_if_it_were_not_there(world: World, issuer_of_departments: Issuer) -> None:
    console = console_of(issuer_of_departments)
    licence_id = issuer_of_departments.issue("driving-licence", DRIVING, holder_key(), at=AT).licence_id
    (device,) = issuer_of_departments.devices.listed(licence_id, at=AT)
    applied = issuer_of_departments.applications.file("driving-licence", DRIVING, portrait=None, by="test", at=AT)
    made = offered(issuer_of_departments, licence_id)
    theirs = World(
        console, licence_id, device.key_thumbprint.hex(), world.person_id, world.kid, applied.id, made.offer_id
    )
    foreign, tried = (licence_id, applied.id, made.offer_id), 0
    visitor = console.person(Role.CLERK, Role.REVIEWER, Role.APPROVER, departments=["health"])
    nothing = visitor.get("/licences/AAAAAAAAAAAAAAAAAAAAAA")
    assert nothing.status_code == 404
    for _, method, path in theirs.paths():
        if not any(each in path for each in foreign):
            continue
        tried += 1
        answer = visitor.get(path) if method == "GET" else visitor.post(path, {"reason": "样例", "step": "do"})
        assert answer.status_code == 404, path
    assert tried > 30
    assert not any(
        each in visitor.get(path).text for path in ("/applications", "/offers?which=all") for each in foreign
    )
    assert re.sub("AAAAAAAAAAAAAAAAAAAAAA", licence_id, nothing.text) == visitor.get(f"/licences/{licence_id}").text
    visitor.post("/licences/search", {"search": DRIVING["citizen_id"]})
    assert licence_id not in visitor.get("/licences").text
    assert licence_id not in visitor.get("/expiring?days=90").text
    assert visitor.get("/issue/driving-licence").status_code == 422
    assert issuer_of_departments.licence(licence_id).status == 0
    assert issuer_of_departments.applications.one(applied.id).state == "filed"
    assert issuer_of_departments.wallet_issuing.offers.one(made.offer_id).state == "open"


@pytest.fixture
def issuer_of_departments(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Issuer]:
    with builders.made(tmp_path_factory.mktemp("departments") / "issuer") as made:
        yield made
