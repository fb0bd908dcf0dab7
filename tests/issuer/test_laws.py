"""No kind and no row cites an article that nobody has read; what could not be confirmed is said where it stands."""

import re

import pytest

from issuer import authored_table, catalogue_source, policy_source
from issuer.application import Issuer
from protocol.labels import Lic
from protocol.licence.catalogue import Clear
from tests.issuer import laws
from tests.issuer.builders import AT, DRIVING, holder_key
from tests.issuer.catalogue_page import PAGE
from tests.issuer.laws import Statement

READ = laws.laws()
KINDS = {kind.slug: kind for kind in catalogue_source.load_kinds().values()}
ROWS = policy_source.load_policy_rows(catalogue_source.load_kinds(), regions=frozenset({"310000"}))
STATED = (*laws.kinds(), *laws.rows())
every_statement = pytest.mark.parametrize("stated", STATED, ids=lambda stated: stated.where)


def unread(stated: Statement) -> set[tuple[str, int]]:
    """Articles that are cited and were not read."""
    return {
        (law, article)
        for law, articles in stated.citations
        for article in articles
        if law not in READ or article not in READ[law].articles
    }


def test_every_kind_and_every_row_states_something() -> None:
    by_vct = {kind.vct: slug for slug, kind in KINDS.items()}
    rows = {f"{by_vct[vct]}.{purpose.word}" for vct, purpose in ROWS}
    assert sorted(stated.where for stated in STATED) == sorted(KINDS.keys() | rows)


@every_statement
def test_what_is_cited_has_been_read(stated: Statement) -> None:
    assert unread(stated) == set()


@every_statement
def test_each_rests_on_an_article_or_says_that_it_does_not(stated: Statement) -> None:
    assert stated.unconfirmed or any(articles for _, articles in stated.citations)


@pytest.mark.parametrize("stated", laws.rows(), ids=lambda stated: stated.where)
def test_a_row_names_no_law_without_its_article(stated: Statement) -> None:
    """Whoever is asked for an item can look up why; and there is no other place where a row could hide a guess."""
    assert [law for law, articles in stated.citations if not articles] == []


def test_no_article_is_kept_that_nothing_rests_on() -> None:
    page = Statement("the page", laws.cited(PAGE.read_text("utf-8").split("<!-- laws:")[0]), ())
    cited = {(law, article) for each in (*STATED, page) for law, articles in each.citations for article in articles}
    assert {(law.name, article) for law in READ.values() for article in law.articles} == cited


def test_every_law_is_in_force_in_the_version_that_was_read() -> None:
    assert [law.name for law in READ.values() if max(law.text, law.since) > laws.read_on()] == []


@pytest.mark.parametrize(
    ("words", "value"),
    [("六", 6), ("十", 10), ("十五", 15), ("二十", 20), ("一百零四", 104), ("二百一十七", 217), ("一千零四十九", 1049)],
)
def test_articles_are_counted_as_laws_count_them(words: str, value: int) -> None:
    assert laws.number(words) == value
    assert laws.cited(f"《中华人民共和国某法》第{words}条、第一条：某") == (("某法", (value, 1)),)


def test_a_citation_that_nobody_has_read_is_found() -> None:
    (law, *_) = READ
    assert unread(Statement("x", laws.cited(f"《{law}》第九百九十九条"), ())) == {(law, 999)}
    assert unread(Statement("x", laws.cited(f"《{law}》第六条第二款和第九百九十八条：某"), ())) == {(law, 998)}
    assert unread(Statement("x", laws.cited("《没有这部法》第一条"), ())) == {("没有这部法", 1)}
    assert unread(Statement("x", laws.cited(f"第一条，《{law}》第六条"), ())) == {("", 1)}


@pytest.mark.parametrize("folder", ["kinds", "policies"])
def test_no_article_is_cited_in_another_form(folder: str) -> None:
    for file, text in authored_table.shipped(folder):
        assert not re.search(r"\bart(\.|icles?) ?[0-9]|第 ?[0-9]+ ?条", text), file


@pytest.mark.parametrize(
    ("slug", "years", "asked_for_until"),
    [
        ("special-equipment-operator", 4, 92),  # 特种设备作业人员监督管理办法 article 22: three months before the end
        ("industrial-product-licence", 5, 184),  # 工业产品生产许可证管理条例 article 25: six months
        ("nurse", 5, 30),  # 护士条例 articles 8 and 10
        ("food-permit", 5, 21),  # 食品经营许可和备案管理办法 articles 23 and 32: 15 working days
    ],
)
def test_renewal_opens_before_the_law_s_last_day_for_asking(slug: str, years: int, asked_for_until: int) -> None:
    term = KINDS[slug].term
    assert term.years == years
    assert term.renewal_opens_days is not None
    assert term.renewal_opens_days > asked_for_until


@pytest.mark.parametrize(
    ("slug", "years", "opens"),
    [
        ("driving-licence", 10, 90),  # 机动车驾驶证申领和使用规定 articles 13 and 63
        ("residence-permit", 1, 30),  # 居住证暂行条例 article 10
        ("food-permit", 5, 90 // 5 * 7),  # 食品经营许可和备案管理办法 article 32: 90 working days
    ],
)
def test_renewal_opens_on_the_day_that_the_law_names(slug: str, years: int, opens: int) -> None:
    assert (KINDS[slug].term.years, KINDS[slug].term.renewal_opens_days) == (years, opens)


@pytest.mark.parametrize("slug", ["driving-licence", "id-card", "business-licence"])
def test_what_may_have_no_end_states_so_where_nobody_can_hide_it(slug: str) -> None:
    """长期: 机动车驾驶证申领和使用规定 article 13, 居民身份证法 article 5."""
    end = KINDS[slug].item(Lic.VALID_TO)
    assert end is not None
    assert (end.required, end.layout) == (False, Clear())


def test_a_driving_licence_without_an_end_is_issued(issuer: Issuer) -> None:
    subject = {name: value for name, value in DRIVING.items() if name != "valid_to"}
    record = issuer.issue("driving-licence", subject, holder_key(), at=AT)
    assert issuer.licence(record.licence_id).valid_to is None


@pytest.mark.parametrize("slug", ["driving-licence", "special-equipment-operator", "disability-certificate"])
def test_a_licence_s_number_that_is_the_citizen_s_is_masked_as_that_is(slug: str) -> None:
    """机动车驾驶证申领和使用规定 article 12: the licence's number is the identity number. The police see it whole."""
    rows = [row for (vct, _), row in ROWS.items() if vct == KINDS[slug].vct and not row.show_under_refusal]
    assert rows
    for row in rows:
        numbers = {Lic.CITIZEN_ID, Lic.LICENCE_NO} & row.maximum
        assert numbers <= row.masked, row.purpose


def test_hygiene_permits_are_signed_by_disease_control() -> None:
    """公共场所卫生管理条例 article 4, since 2025-01-20; permits of the health departments from before run on."""
    assert KINDS["hygiene-permit"].departments == ("disease-control", "health")
