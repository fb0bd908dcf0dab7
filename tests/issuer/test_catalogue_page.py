"""The page about the catalogue says what the catalogue says, and what it weighs."""

import re

from issuer import catalogue_source, policy_source
from protocol import appraisal_policy, keys, limits
from protocol.appraisal_policy import AppraisalPolicy
from protocol.licence import catalogue
from protocol.licence.catalogue import Catalogue
from protocol.unixtime import UnixTime
from tests.issuer import catalogue_page


def test_the_table_is_the_catalogue_s() -> None:
    page = catalogue_page.PAGE.read_text("utf-8")
    assert catalogue_page.with_table(page) == page, "python -m tests.issuer.catalogue_page"


def test_the_documents_weigh_what_the_page_says_and_far_less_than_they_may() -> None:
    kinds = catalogue_source.load_kinds()
    rows = policy_source.load_policy_rows(kinds, regions=frozenset({"310000"}))
    root, life = keys.Ed25519Signer(b"\x01" * 32), (UnixTime(1), UnixTime(2))
    sizes = {
        "catalogue": len(catalogue.sign(Catalogue("310000", 1, *life, kinds), root)),
        "policy": len(appraisal_policy.sign(AppraisalPolicy("310000", 1, *life, rows), root)),
    }
    page = catalogue_page.PAGE.read_text("utf-8")
    for name, size in sizes.items():
        (said,) = re.findall(rf"{name} ([0-9]+) kB", page)
        assert round(size / 1_000) == int(said), (name, size)
        # A hundred times as many kinds would still be read.
        assert size * 100 < limits.MAX_DOCUMENT_BYTES
