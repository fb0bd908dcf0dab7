"""One device as an operator sees it: the same on the command line and in the web API."""

from typing import Any

from issuer.devices.register import DeviceRecord
from protocol import unixtime


def as_json(record: DeviceRecord) -> dict[str, Any]:
    """The members of one device. It is known by its key."""
    return {
        "device": record.key_thumbprint.hex(),
        "of": "agent" if record.is_agents else "holder",
        "state": state(record),
        "since": unixtime.iso_utc(record.since),
        "to": unixtime.iso_utc(record.exp),
    }


def state(record: DeviceRecord) -> str:
    """One word. A device that was found has both: new credentials in force, and old ones that stay lost."""
    if record.in_force:
        return "in force"
    return "lost" if record.lost else "ended"
