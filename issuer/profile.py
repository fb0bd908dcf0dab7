"""Who this issuer is: region, authority, since when; and the names of the files in its folder.

Written last at init, so that a folder with a profile is a complete one. Holds no secret.
"""

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from issuer import durable_files
from issuer.errors import NotAnIssuer, ProfileRefused, StorageFailed
from protocol.labels import Alg
from protocol.sd_cwt.credential import StatusReference
from protocol.unixtime import UnixTime

_VERSION: Final = 1
_MAX_BYTES: Final = 4_096
_REGION: Final = re.compile(r"[0-9]{6}", re.ASCII)
_AUTHORITY: Final = re.compile(r"[A-Z0-9]{1,16}", re.ASCII)


@dataclass(frozen=True, slots=True)
class TokenPlace:
    """Where the keys of an issuer are made that never leave it: a PKCS#11 module, and the label of a token.

    `alg` is for uses that leave the choice: P-256 where the token has no Ed25519.
    """

    module: Path
    label: str
    alg: Alg = Alg.ED25519


@dataclass(frozen=True, slots=True)
class Profile:
    """One issuer.

    Attributes:
        region: Six digits of GB/T 2260.
        authority: What follows the region in `iss`.
        created_at: From here the keys' validity counts.
        fictional: Whether synthetic persons (citizen numbers with an unknown area) are let through with a warning.
        register: The address of the database that holds the register; None if it is a file in the issuer's folder.
        token: Where new keys are made; None if that is `keys.box`.
    """

    region: str
    authority: str
    created_at: UnixTime
    fictional: bool
    register: str | None = None
    token: TokenPlace | None = None

    def __post_init__(self) -> None:
        if not _REGION.fullmatch(self.region) or not _AUTHORITY.fullmatch(self.authority):
            raise ProfileRefused("this is no region or authority")

    @property
    def iss(self) -> str:
        """The claim `iss` of credentials and status lists: "310000.GA"."""
        return f"{self.region}.{self.authority}"

    def list_uri(self, number: int) -> str:
        """The URI of one of the region's status lists."""
        return f"lz:{self.region}/{number}"

    def status_reference(self, list_number: int, idx: int) -> StatusReference:
        """Where a credential says that its status stands."""
        return StatusReference(self.list_uri(list_number), idx)


@dataclass(frozen=True, slots=True)
class Places:
    """The files of one issuer's folder."""

    folder: Path

    @property
    def profile(self) -> Path:
        return self.folder / "issuer.json"

    @property
    def keys(self) -> Path:
        return self.folder / "keys.box"

    @property
    def key_file(self) -> Path:
        return self.folder / "keys.key"

    @property
    def register(self) -> Path:
        return self.folder / "register.sqlite"

    @property
    def lock(self) -> Path:
        return self.folder / "publish.lock"

    @property
    def published(self) -> Path:
        return self.folder / "published"

    @property
    def packages(self) -> Path:
        return self.folder / "packages"

    @property
    def imports(self) -> Path:
        """The rows of imports that are not finished."""
        return self.folder / "imports"

    @property
    def policies(self) -> Path:
        """What this authority demands of one region's licences beyond the rows that ship; there may be none."""
        return self.folder / "policies"

    @property
    def kinds(self) -> Path:
        """The kinds that this authority added, a file each; there may be none."""
        return self.folder / "kinds"

    @property
    def kind_policies(self) -> Path:
        """The rows of those kinds, a file for each kind."""
        return self.kinds / "policies"

    @property
    def retired_kinds(self) -> Path:
        """The kinds of which it issues no new licences."""
        return self.kinds / "retired.txt"

    @property
    def operator_token(self) -> Path:
        return self.folder / "operator.token"


def moved(profile: Profile, *, register: str | None) -> Profile:
    """The same issuer with its register elsewhere: at this address, or in a file in its folder."""
    return replace(profile, register=register)


def write(profile: Profile, places: Places) -> None:
    """Put the profile into its folder. Raises: StorageFailed."""
    content: dict[str, object] = {
        "version": _VERSION,
        "region": profile.region,
        "authority": profile.authority,
        "created_at": profile.created_at,
        "fictional": profile.fictional,
    }
    if profile.register is not None:
        content["register"] = profile.register
    if profile.token is not None:
        place = profile.token
        content["pkcs11"] = {"module": str(place.module), "token": place.label, "alg": int(place.alg)}
    durable_files.write_atomically(places.profile, json.dumps(content, indent=2).encode(), mode=durable_files.PRIVATE)


def read(places: Places) -> Profile:
    """The profile in this folder.

    Raises:
        NotAnIssuer: There is none, or it is damaged.
    """
    try:
        content = json.loads(durable_files.read(places.profile, max_bytes=_MAX_BYTES))
        match content:
            case {
                "version": 1,
                "region": str() as region,
                "authority": str() as authority,
                "created_at": int() as created_at,
                "fictional": bool() as fictional,
            }:
                register = content.get("register")
                if register is not None and not isinstance(register, str):
                    raise NotAnIssuer("issuer.json is not a profile of this version")
                token = _token(content.get("pkcs11"))
                return Profile(region, authority, UnixTime(created_at), fictional, register, token)
            case _:
                raise NotAnIssuer("issuer.json is not a profile of this version")
    except StorageFailed as error:
        raise NotAnIssuer(f"no issuer in this folder: {error}") from None
    except (ValueError, RecursionError, ProfileRefused):
        raise NotAnIssuer("issuer.json is damaged") from None


def _token(content: object) -> TokenPlace | None:
    match content:
        case None:
            return None
        case {"module": str() as module, "token": str() as label, "alg": int() as alg}:
            return TokenPlace(Path(module), label, Alg(alg))
        case _:
            raise NotAnIssuer("issuer.json is not a profile of this version")
