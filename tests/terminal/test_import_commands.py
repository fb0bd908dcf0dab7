"""`terminal import` and `terminal export`: what people and machines are told, and how it ends."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from liangzheng.cli import main
from revocation import bundle_file, bundling
from tests.revocation.published_feed import ROOT, fetching, published_files
from tests.revocation.publisher import Feed
from tests.utopia.world import WUYOU
from verifier_terminal import wiring


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["terminal", *map(str, arguments)])


def written(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def feed() -> Feed:
    made = Feed()
    for seq in range(1, 5):
        made.publish({seq: 2})
    return made


@pytest.fixture
def counter(tmp_path: Path, feed: Feed, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A terminal that was set up from a folder when the feed had four deltas, an hour ago."""
    monkeypatch.setattr(wiring, "now", lambda: feed.at + 3_600)
    published = written(tmp_path / "published", published_files(feed))
    directory = tmp_path / "counter"
    done = run("init", directory, "--trust", published, "--profile", "window")
    assert done.exit_code == 0, done.output
    return directory


def stick(feed: Feed, folder: Path) -> Path:
    path = folder / bundle_file.name_for(WUYOU)
    bundle_file.write(path, bundling.of_region(fetching(published_files(feed))))
    return path


def test_for_each_region_it_says_what_came_how_old_it_is_and_the_grade(
    counter: Path, feed: Feed, tmp_path: Path
) -> None:
    feed.publish({9: 2})
    path = stick(feed, tmp_path)
    done = run("import", counter, path, "--json")
    assert done.exit_code == 0, done.output
    stated = json.loads(done.output)
    assert stated["file"] == str(path)
    (region,) = stated["regions"]
    assert (region["region"], region["before"], region["epoch"], region["seq"]) == (WUYOU, [1, 4], 1, 5)
    assert (region["came"], region["grade"], region["age"]) == ("deltas", "recent", 3_600)
    again = run("import", counter, path)
    assert again.exit_code == 0, again.output
    assert f"{WUYOU}: nothing newer; number 1.5, 1 h" in again.output
    assert "(recent)" in again.output


def test_a_refusal_says_why_and_exits_1(counter: Path, feed: Feed, tmp_path: Path) -> None:
    old = stick(feed, tmp_path)
    feed.publish({9: 2})
    (tmp_path / "newer").mkdir()
    assert run("import", counter, stick(feed, tmp_path / "newer")).exit_code == 0
    done = run("import", counter, old)
    assert done.exit_code == 1
    assert f"not taken in: {WUYOU}/feed: the document is older than the one that is held" in done.output
    assert "number 1.5" in done.output


@pytest.mark.parametrize("kind", ["missing", "folder", "link", "text"])
def test_what_is_no_bundle_is_named(counter: Path, feed: Feed, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "X.BDL"
    match kind:
        case "folder":
            path.mkdir()
        case "link":
            path.symlink_to(stick(feed, tmp_path))
        case "text":
            path.write_text("no bundle")
    done = run("import", counter, path)
    assert done.exit_code == 1
    assert "this bundle cannot be taken in" in done.output
    assert "nothing that is held was changed" in done.output
    words = {"missing": "No such file", "folder": "is a folder", "link": "is a link", "text": "not a map"}
    assert words[kind] in done.output


def test_from_one_terminal_to_the_other(counter: Path, feed: Feed, tmp_path: Path) -> None:
    """Two patrol cars: the first one had a network since."""
    feed.publish({9: 2})
    published = written(tmp_path / "later", published_files(feed))
    first = tmp_path / "first"
    assert run("init", first, "--trust", published, "--profile", "roadside").exit_code == 0
    done = run("export", first, tmp_path)
    assert done.exit_code == 0, done.output
    path = tmp_path / "LZ990000.BDL"
    assert f"{path}: 8 entries" in done.output
    stated = json.loads(run("export", first, tmp_path / "PEER.BDL", "--json").output)
    assert stated == {"file": str(tmp_path / "PEER.BDL"), "bytes": path.stat().st_size, "entries": 8, "region": WUYOU}
    taken = run("import", counter, path, "--json")
    assert taken.exit_code == 0, taken.output
    assert json.loads(taken.output)["regions"][0]["seq"] == 5


def test_a_terminal_is_set_up_from_a_stick_for_a_network_to_come(
    tmp_path: Path, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "now", lambda: feed.at + 3_600)
    path, directory = stick(feed, tmp_path), tmp_path / "car"
    init = ("init", directory, "--trust", "http://127.0.0.1:9/feed", "--profile", "roadside", "--bundle", path)
    done = run(*init)
    assert done.exit_code == 2
    assert "a bundle needs --root" in done.output
    other = run(*init, "--root", "00" * 32)
    assert other.exit_code == 1
    assert "not the one that this terminal was told to trust" in other.output
    assert not directory.exists() or not list(directory.iterdir())
    done = run(*init, "--root", ROOT.public_key.thumbprint.hex(), "--json")
    assert done.exit_code == 0, done.output
    assert json.loads((directory / "terminal.json").read_bytes())["trust"] == "http://127.0.0.1:9/feed"
    status = json.loads(run("status", directory, "--json").output)
    assert status["provisioned"]
    assert not run("import", directory, path).exit_code
    missing = run(*init[:-1], tmp_path / "NONE.BDL", "--root", ROOT.public_key.thumbprint.hex())
    assert missing.exit_code == 1
    assert "this bundle cannot be taken in" in missing.output


def test_what_cannot_be_exported_is_explained(counter: Path, tmp_path: Path) -> None:
    done = run("export", counter, tmp_path / "bundle.zip")
    assert done.exit_code == 1
    assert "is not a name that every stick keeps" in done.output
    assert run("export", counter, tmp_path / "missing" / "LZ990000.BDL").exit_code == 1
    assert run("export", tmp_path, tmp_path).exit_code == 2


def test_a_terminal_without_a_feed_has_nothing_to_hand_on(
    tmp_path: Path, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "now", lambda: feed.at + 3_600)
    files = {name: content for name, content in published_files(feed).items() if not name.startswith("feed")}
    published = written(tmp_path / "published", files | {"status/aggregation.json": b'{"status_lists": []}'})
    directory = tmp_path / "counter"
    assert run("init", directory, "--trust", published, "--profile", "window").exit_code == 0
    done = run("export", directory, tmp_path)
    assert done.exit_code == 1
    assert "holds no region's status feed" in done.output
