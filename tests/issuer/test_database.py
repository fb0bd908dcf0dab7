"""The register's database by address: which addresses are taken, what is refused, and what is said when it is away."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from issuer import profile
from issuer.application import Issuer
from issuer.cli import cli
from issuer.config import PASSPHRASE_VARIABLE
from issuer.errors import NotAnIssuer, RegisterTaken, RegisterUnavailable
from tests.issuer.builders import AT, ID_CARD, holder_key, made, randomness
from tests.issuer.postgresql import Cluster


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "no address of a database"),
        ("postgresql+psycopg", "no address of a database"),
        ("postgresql://liangzheng@/register", "PostgreSQL"),
        ("mysql://liangzheng@host/register", "PostgreSQL"),
        ("sqlite:///register.sqlite", "PostgreSQL"),
        ("postgresql+psycopg://liangzheng:geheim@host/register", "holds a password"),
        ("postgresql+psycopg://liangzheng@host/register?password=geheim", "holds a password"),
    ],
)
def test_an_address_that_is_none_or_tells_a_password_makes_no_issuer(tmp_path: Path, url: str, words: str) -> None:
    arguments = ["init", str(tmp_path / "i"), "--region", "310000", "--register", url]
    result = CliRunner().invoke(cli, arguments, env={PASSPHRASE_VARIABLE: ""})
    assert (result.exit_code, result.stdout) == (1, "")
    assert words in result.stderr
    assert "~/.pgpass" in result.stderr
    assert "geheim" not in result.stderr
    assert not (tmp_path / "i").exists()


def test_a_server_that_is_away_is_said_without_what_was_asked(tmp_path: Path) -> None:
    url = f"postgresql+psycopg://liangzheng@/register?host={tmp_path}"
    with pytest.raises(RegisterUnavailable, match="did not answer"):
        made(tmp_path / "i", register_url=url)


def test_the_profile_remembers_the_address_and_the_folder_has_no_register(tmp_path: Path, cluster: Cluster) -> None:
    url = cluster.database()
    with made(tmp_path / "i", register_url=url) as issuer:
        licence_id = issuer.issue("id-card", ID_CARD, holder_key(), at=AT).licence_id
        assert profile.read(issuer.places).register == url
        assert not issuer.places.register.exists()
    with Issuer.open(tmp_path / "i", passphrase=None, random_bytes=randomness(2)) as issuer:
        assert [record.id for record in issuer.list()] == [licence_id]
    # Another issuer would mix its licences with these.
    with pytest.raises(RegisterTaken):
        made(tmp_path / "other", register_url=url)


def test_a_profile_whose_address_is_no_text_is_damaged(tmp_path: Path) -> None:
    with made(tmp_path / "i") as issuer:
        places = issuer.places
    content = json.loads(places.profile.read_text())
    places.profile.write_text(json.dumps(content | {"register": 7}))
    with pytest.raises(NotAnIssuer, match="profile"):
        profile.read(places)
