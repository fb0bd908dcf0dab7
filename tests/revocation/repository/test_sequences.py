"""Any sequence of publications, key exchanges, replays and mix-ups: our loader and python-tuf's come to the same."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.revocation.repository.simulator import REGIONS, Clients, Repository

HONEST = ("document", "role", "state", "timestamp", "root", "exchange timestamp", "exchange both", "exchange targets")
IN_BETWEEN = ("replay timestamp", "replay all", "mix", "wrong key", "lose", "nothing")
STEPS = st.sampled_from((*HONEST, *IN_BETWEEN))


class Story:
    """A repository, and whoever stands between it and the clients."""

    def __init__(self, *, hashes: bool) -> None:
        self.repository = Repository(hashes=hashes)
        self.honest = dict(self.repository.files)
        self.kept = [dict(self.honest)]
        self.count = 0

    def step(self, name: str, choice: int) -> None:
        repository = self.repository
        repository.files = dict(self.honest)
        self.count += 1
        region = REGIONS[choice % len(REGIONS)]
        old = self.kept[choice % len(self.kept)]
        match name:
            case "document":
                repository.document(region, b"%d" % self.count)
                repository.next_role(region)
                repository.next_state()
            case "role":
                repository.next_role("targets")
                repository.next_state()
            case "state":
                repository.next_state()
            case "timestamp":
                repository.next_state(snapshot=False)
            case "root":
                repository.next_root()
            case "exchange timestamp":
                self._exchange("timestamp")
            case "exchange both":
                # Of the snapshot alone ours heals what python-tuf's does not: test_against_ngclient.
                self._exchange("timestamp", "snapshot")
            case "exchange targets":
                repository.exchange("targets", f"targets {choice % 3} {self.count}")
                repository.next_root()
                repository.next_role("targets")
                repository.next_state()
        self.honest = dict(repository.files)
        self.kept.append(dict(self.honest))
        match name:
            case "replay timestamp":
                repository.files["metadata/timestamp.json"] = old["metadata/timestamp.json"]
            case "replay all":
                repository.files = dict(old)
            case "mix":
                names = sorted(set(old) & set(self.honest))
                repository.files[names[choice % len(names)]] = old[names[choice // 7 % len(names)]]
            case "wrong key":
                repository.put_timestamp([region])
            case "lose":
                names = sorted(self.honest)
                del repository.files[names[choice % len(names)]]

    def _exchange(self, *roles: str) -> None:
        for role in roles:
            self.repository.exchange(role, f"{role} {self.count % 4} new")
        self.repository.next_root()
        self.repository.next_state()


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=st.lists(st.tuples(STEPS, st.integers(0, 999)), min_size=2, max_size=8), hashes=st.booleans())
def test_any_sequence(steps: list[tuple[str, int]], hashes: bool) -> None:
    story = Story(hashes=hashes)
    with TemporaryDirectory() as folder:
        clients = Clients(Path(folder), story.repository)
        assert clients.agree().accepted
        for name, choice in steps:
            story.step(name, choice)
            clients.agree()
        story.step("state", 0)
        assert clients.agree().accepted
