"""Writes `wallet_sdk/testing/catalogue.cbor` from the kinds and policies as they are authored.

python -m tests.wheel.make_catalogue
"""

from pathlib import Path

from issuer import catalogue_source, policy_source
from protocol.directory import PurposeItems
from wallet_sdk.testing import issuer

TARGET = Path(issuer.__file__).with_name("catalogue.cbor")


def made() -> bytes:
    kinds = catalogue_source.load_kinds()
    rows = policy_source.load_policy_rows(kinds, regions=frozenset({issuer.REGION}))
    maxima = {key: PurposeItems(row.mandatory, row.optional, row.separate_consent) for key, row in rows.items()}
    return issuer.catalogue_to(kinds, maxima)


if __name__ == "__main__":
    TARGET.write_bytes(made())
