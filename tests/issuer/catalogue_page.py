"""Writes the tables of docs/catalogue.md from kinds, rows and laws: `python -m tests.issuer.catalogue_page`."""

from pathlib import Path

from issuer import catalogue_source, policy_source
from protocol.licence.catalogue import Kind
from tests.issuer import laws
from tests.issuer.laws import Law

PAGE = Path(__file__).parents[2] / "docs" / "catalogue.md"
BEGIN, END = "<!-- table: written by tests.issuer.catalogue_page -->\n", "<!-- end of the table -->\n"
LAWS_BEGIN = "<!-- laws: written by tests.issuer.catalogue_page -->\n"
LAWS_END = "<!-- end of the laws -->\n"
_HEAD = (
    "| vct | kind | | class | holder | holders | term, renewal | life | departments | purposes (V: has a view) |\n"
    "|---|---|---|---|---|---|---|---|---|---|\n"
)


def table() -> str:
    kinds = catalogue_source.load_kinds()
    rows = policy_source.load_policy_rows(kinds, regions=frozenset({"310000"}))
    return _HEAD + "".join(
        _line(
            kinds[vct],
            [purpose.word + " V" * (purpose in kinds[vct].views) for of, purpose in sorted(rows) if of == vct],
        )
        for vct in sorted(kinds)
    )


def _line(kind: Kind, purposes: list[str]) -> str:
    least, most = kind.holders.least, kind.holders.most
    years, opens = kind.term.years, kind.term.renewal_opens_days
    term = "–" if years is None else f"{years} y" + ("" if opens is None else f", {opens} d")
    cells = (
        str(kind.vct),
        f"`{kind.slug}`",
        kind.names.zh_hans,
        str(kind.risk),
        str(kind.holder),
        str(least) if least == most else f"{least}–{most}",
        term,
        f"{kind.lifetime_days} d",
        ", ".join(kind.departments),
        ", ".join(purposes),
    )
    return f"| {' | '.join(cells)} |\n"


def law_table() -> str:
    head = "| law | text of | in force since | articles | |\n|---|---|---|---|---|\n"
    unconfirmed = "".join(
        f"- `{stated.where}`: {what}\n" for stated in (*laws.kinds(), *laws.rows()) for what in stated.unconfirmed
    )
    return head + "".join(map(_law_line, laws.laws().values())) + "\nNot confirmed:\n\n" + unconfirmed


def _law_line(law: Law) -> str:
    articles = ", ".join(map(str, sorted(law.articles)))
    return f"| {law.name} | {law.text} | {law.since} | {articles} | {law.note} |\n"


def with_table(page: str) -> str:
    return _between(LAWS_BEGIN, LAWS_END, _between(BEGIN, END, page, table()), law_table())


def _between(begin: str, end: str, page: str, written: str) -> str:
    before, rest = page.split(begin)
    _, after = rest.split(end)
    return before + begin + written + end + after


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text("utf-8")), "utf-8")
