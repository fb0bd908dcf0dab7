"""Kinds by files: each wrong file is refused by its own name and changes nothing; retired kinds live on."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from issuer.application import Issuer
from issuer.cli import cli
from issuer.config import PASSPHRASE_VARIABLE
from issuer.errors import AuthoringError, IssuerError
from protocol.licence import catalogue
from tests.issuer.builders import AT, DRIVING, holder_key, key_text, made, randomness, written
from tests.scenarios.test_added_kind import KIND, POLICY


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(each) for each in arguments], env={PASSPHRASE_VARIABLE: ""})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made(tmp_path / "i").close()
    return tmp_path / "i"


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all that is refused: nothing of it stays there."""
    folder = tmp_path_factory.mktemp("refusing") / "i"
    made(folder).close()
    return folder


def files(tmp_path: Path, kind: str = KIND, policy: str = POLICY) -> tuple[object, ...]:
    (tmp_path / "k.toml").write_text(kind, "utf-8")
    (tmp_path / "p.toml").write_text(policy, "utf-8")
    return tmp_path / "k.toml", "--policy", tmp_path / "p.toml"


def published_seq(folder: Path) -> tuple[int, frozenset[str]]:
    with Issuer.open(folder, passphrase=None, random_bytes=randomness(3)) as issuer:
        encoded = (folder / "published" / "catalogue.cbor").read_bytes()
        found = catalogue.verify(encoded, root=issuer.root)
        return found.seq, frozenset(kind.slug for kind in found.kinds.values())


def test_an_added_kind_is_published_under_a_higher_number(folder: Path, tmp_path: Path) -> None:
    before, _ = published_seq(folder)
    result = run("kind", "add", folder, *files(tmp_path), "--yes")
    assert result.exit_code == 0, result.stderr
    seq, slugs = published_seq(folder)
    assert seq > before
    assert "fishing-permit" in slugs
    assert len(slugs) == 27
    listed = json.loads(run("kind", "list", folder, "--json").stdout)
    assert [each["kind"] for each in listed if each["origin"] == "added"] == ["fishing-permit"]
    assert run("kind", "add", folder, *files(tmp_path), "--yes").exit_code == 1


def with_more(count: int, layout: str) -> str:
    items = "".join(
        f'[[item]]\nkey = {40 + n}\nname = "n{n}"\ntype = "text"\nmax = 9\nrequired = false\nlayout = "{layout}"\n'
        'labels = { zh_hans = "a", zh_hant = "a", en = "a" }\n\n'
        for n in range(count)
    )
    return KIND.replace("[view", items + "[view")


WRONG: dict[str, tuple[str, str, str, str]] = {
    "a number that is taken": (KIND.replace("65101", "65004"), POLICY, "kind_there", "driving-licence"),
    "a slug that is taken": (KIND.replace("fishing-permit", "id-card"), POLICY, "kind_there", "id-card"),
    "a number of somebody else's": (KIND.replace("65101", "10001"), POLICY, "kind_outside_range", "10001"),
    "a shared key renamed": (
        KIND.replace('"name"\ntype', '"title"\ntype'),
        POLICY,
        "authoring",
        "is 'name' in every kind",
    ),
    "a key of the shared ones": (KIND.replace("key = 24", "key = 17"), POLICY, "authoring", "'capital'"),
    "a group that is too large": (with_more(5, "group:0"), POLICY, "authoring", "more than 5"),
    "more than one code can disclose": (with_more(31, "single"), POLICY, "authoring", "more than 32 disclosures"),
    "a view that is not its row": (
        KIND.replace('"water", "valid_to"]', '"valid_to"]'),
        POLICY,
        "authoring",
        "view.window",
    ),
    "a view without a row": (KIND, POLICY.replace("[row.window]", "[row.gate]"), "authoring", "no row"),
    "a row of a purpose that is none": (KIND, POLICY.replace("[row.window]", "[row.door]"), "authoring", "row.door"),
    "a view of a purpose that is none": (
        KIND.replace("[view.window]", "[view.door]"),
        POLICY,
        "authoring",
        "view.door",
    ),
    "rows for a kind that ships": (
        KIND.replace('[view.window]\nitems = ["name", "water", "valid_to"]', "[view]"),
        POLICY.replace("fishing-permit", "nurse").replace("[row.window]", "[row.gate]").replace('"water", ', ""),
        "authoring",
        "another kind",
    ),
    "no department": (KIND.replace('["agriculture"]', "[]"), POLICY, "authoring", "department"),
    "a word that is no file name": (KIND.replace("fishing-permit", "../x"), POLICY, "authoring", "slug"),
    "what hides its text": (KIND.replace("垂钓证", "垂\u202e证"), POLICY, "authoring", "names.zh_hans"),
    "no table at all": ("vct 1", POLICY, "authoring", "TOML"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_file_is_refused_by_its_name_and_changes_nothing(untouched: Path, tmp_path: Path, what: str) -> None:
    kind, policy, code, words = WRONG[what]
    before = published_seq(untouched)
    for command in (("kind", "check"), ("kind", "add")):
        given = [*command, untouched, *files(tmp_path, kind, policy), *(["--yes"] if command[1] == "add" else [])]
        result = run(*given)
        assert result.exit_code == 1, result.stdout
        assert words in result.stderr
        assert "What to do" in result.stderr
    assert published_seq(untouched) == before
    assert not (untouched / "kinds").exists()
    with (
        pytest.raises(IssuerError) as refused,
        Issuer.open(untouched, passphrase=None, random_bytes=randomness(3)) as issuer,
    ):
        issuer.added_kinds.add(tmp_path / "k.toml", tmp_path / "p.toml", actor="test", at=AT)
    assert refused.value.code == code


def test_a_file_that_was_spoilt_later_is_named(folder: Path, tmp_path: Path) -> None:
    assert run("kind", "add", folder, *files(tmp_path), "--yes").exit_code == 0
    (folder / "kinds" / "fishing-permit.toml").write_text("vct = 65101", "utf-8")
    with pytest.raises(AuthoringError, match=r"kinds/fishing-permit\.toml"):
        Issuer.open(folder, passphrase=None, random_bytes=randomness(3))


def test_a_kind_without_rows_is_told_to_be_shown_nowhere(folder: Path, tmp_path: Path) -> None:
    kind, *_ = files(tmp_path, KIND.split("[view.window]")[0] + "[view]\n")
    result = run("kind", "check", folder, kind)
    assert result.exit_code == 0, result.stderr
    assert "no terminal accepts it" in result.stdout


def test_a_retired_kind_is_not_issued_and_is_refreshed(folder: Path, tmp_path: Path) -> None:
    subject = written(tmp_path / "s.json", DRIVING)
    issue = ("issue", folder, "--kind", "driving-licence", "--subject", subject, "--holder-key", key_text(), "--json")
    licence = json.loads(run(*issue).stdout)["id"]
    assert json.loads(run("kind", "retire", folder, "driving-licence", "--json").stdout) == {
        "retired": ["driving-licence"]
    }
    refused = run(*issue)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "no new licences" in refused.stderr
    assert json.loads(run("kind", "show", folder, "driving-licence", "--json").stdout)["state"] == "retired"
    with Issuer.open(folder, passphrase=None, random_bytes=randomness(3)) as issuer:
        issuer.issue_again(licence, holder_key(), at=AT)
    assert run("kind", "retire", folder, "driving-licence", "--undo").exit_code == 0
    assert run(*issue).exit_code == 0
    assert run("kind", "retire", folder, "flying-licence").exit_code == 1


def test_nobody_who_is_asked_and_says_no_gets_a_kind(folder: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["kind", "add", *map(str, (folder, *files(tmp_path)))], input="n\n")
    assert result.exit_code == 1
    assert "垂钓证" in result.stderr
    assert not (folder / "kinds").exists()
