"""Sources that two people have approved: what a pull from one of them changes is no act of one person.

Approved are name, kind, where it lies, and a digest of the settings and their mapping: whoever writes another query or
another meaning of a state needs both people again. Of a name the newest approval holds. Not handled here: what the
source says, which nobody of this authority decides about.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection

from issuer.approvals import register as proposals
from issuer.approvals.register import Proposal
from issuer.bulk import pull_settings
from issuer.bulk.pull_settings import FolderSource, PullSettings
from issuer.register import Register
from protocol import cbor
from protocol.licence.catalogue import Kind
from protocol.unixtime import UnixTime

PULL_SOURCE: Final = "pull-source"


class PullSources:
    """The sources of one authority; as a dangerous act (`issuer.approvals`) one is approved by two people."""

    def __init__(self, *, register: Register, kinds: Mapping[int, Kind]) -> None:
        self._register, self._kinds = register, kinds

    def content(self, settings_path: Path) -> Mapping[str, Any]:
        """What a proposal of this source says. Raises: as `pull_settings.read`."""
        return _content(pull_settings.read(settings_path, self._kinds))

    def is_approved(self, settings: PullSettings) -> bool:
        """Whether two people have approved this source as it is. Raises: RegisterUnavailable."""
        with self._register.reading() as connection:
            newest = next(
                (each for each in proposals.executed(connection, PULL_SOURCE) if each["name"] == settings.name), None
            )
        return newest == _content(settings)

    def shown(self, connection: Connection, content: Mapping[str, Any], *, at: UnixTime) -> cbor.Value:
        """As `Dangerous` says: nothing of it depends on the register."""
        del connection, at
        return tuple(str(content[name]) for name in sorted(content))

    def carry_out(self, connection: Connection, proposal: Proposal, *, at: UnixTime) -> bool:
        """As `Dangerous` says: the approval is all of it."""
        del connection, proposal, at
        return True


def _content(settings: PullSettings) -> dict[str, Any]:
    source = settings.source
    where = str(source.path.resolve()) if isinstance(source, FolderSource) else f"{source.url}: {source.query}"
    return {"name": settings.name, "kind": settings.kind, "source": where, "sha256": settings.sha256.hex()}
