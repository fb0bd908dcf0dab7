"""SM2: the sample of GB/T 32918.5, one field forged at a time, and a licence that is accepted end to end by a table.

Everything runs with the reference of the tests, and with the system's libcrypto where that has SM2.
"""

import ctypes
from typing import Any

import pytest

from protocol import appraisal_policy, keys, labels, sm2, sm2_libcrypto, trust_list
from protocol.errors import AlgError, HolderSignatureInvalid, IssuerSignatureInvalid, KeyRefused, SignatureForm
from protocol.keys import DEFAULT_ALGORITHMS, AlgorithmTable, SignatureMismatch, Signer
from protocol.labels import Alg, FurtherAlg, KeyUse
from protocol.licence import catalogue
from protocol.ml_dsa import MlDsa65Signer
from protocol.roots import Root, SignerPair
from protocol.sd_cwt import credential, key_binding
from protocol.sd_cwt.key_binding import Presentation
from protocol.sm2 import Sm2Key, Sm2Provider, Sm2Signer
from protocol.trust_list import TrustAnchor, TrustList
from protocol.unixtime import DAY, HOUR, UnixTime
from tests.utopia import sm2_reference
from tests.utopia.randomness import Drbg
from tests.utopia.world import BEGINNING, WUYOU, World

# GB/T 32918.5 annex A, section A.2: the signature example on the recommended curve.
SAMPLE_SCALAR = bytes.fromhex("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8")
SAMPLE_X = bytes.fromhex("09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020")
SAMPLE_Y = bytes.fromhex("ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13")
SAMPLE_NONCE = 0x59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21
SAMPLE_E = 0xF0B43E94BA45ACCAACE692ED534382EB17E6AB5A19CE7B31F4486FDFC0D28640
SAMPLE_MESSAGE = b"message digest"
SAMPLE_SIGNATURE = bytes.fromhex(
    "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
    "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
)
MESSAGE = b"what the issuer says"


@pytest.fixture(scope="module", params=["reference", pytest.param("libcrypto", marks=pytest.mark.needs_sm2)])
def provider(request: pytest.FixtureRequest) -> Sm2Provider:
    if request.param == "reference":
        return sm2_reference.Reference()
    try:
        return sm2_libcrypto.open_provider()
    except sm2_libcrypto.Sm2Unavailable as unavailable:
        pytest.skip(str(unavailable))


@pytest.fixture(scope="module")
def table(provider: Sm2Provider) -> AlgorithmTable:
    return DEFAULT_ALGORITHMS.including(sm2.algorithm(provider))


def signer(table: AlgorithmTable, name: str = "one") -> Signer:
    return keys.signer_for(FurtherAlg.SM2_SM3, Drbg(f"sm2 {name}")(32), algorithms=table)


def test_the_sample_of_the_standard(table: AlgorithmTable) -> None:
    one = keys.signer_for(FurtherAlg.SM2_SM3, SAMPLE_SCALAR, algorithms=table)
    key = one.public_key
    assert isinstance(key, Sm2Key)
    assert (key.x, key.y_is_odd) == (SAMPLE_X, True)
    key.verify(SAMPLE_SIGNATURE, SAMPLE_MESSAGE)
    key.verify(one.sign(SAMPLE_MESSAGE), SAMPLE_MESSAGE)
    with pytest.raises(SignatureMismatch):
        key.verify(SAMPLE_SIGNATURE, SAMPLE_MESSAGE + b"!")


def test_the_reference_computes_the_steps_of_the_sample() -> None:
    point = b"\x04" + SAMPLE_X + SAMPLE_Y
    assert sm2_reference.Reference().public_point(SAMPLE_SCALAR) == point
    assert sm2_reference.digest(point, SAMPLE_MESSAGE) == SAMPLE_E
    made = sm2_reference.signature_with(SAMPLE_NONCE, int.from_bytes(SAMPLE_SCALAR), SAMPLE_E)
    assert made == SAMPLE_SIGNATURE
    assert sm2_reference.multiply(sm2.ORDER, sm2_reference.G) is None


def test_both_agree(table: AlgorithmTable) -> None:
    """Whatever one signs the other verifies, for every message length around the blocks of SM3."""
    reference = DEFAULT_ALGORITHMS.including(sm2.algorithm(sm2_reference.Reference()))
    ours, theirs = signer(table), signer(reference)
    assert ours.public_key == theirs.public_key
    assert hash(ours.public_key) == hash(theirs.public_key)
    for size in (0, 1, 55, 56, 63, 64, 65, 500):
        message = bytes(size)
        ours.public_key.verify(theirs.sign(message), message)
        theirs.public_key.verify(ours.sign(message), message)


@pytest.mark.parametrize("identifier", [b"", b"ALICE123@YAHOO.COM", b"1234567812345679"])
def test_another_identifier_is_another_signature(table: AlgorithmTable, identifier: bytes) -> None:
    """The identifier is no parameter: everybody signs with the default one."""
    point = b"\x04" + SAMPLE_X + SAMPLE_Y
    e = sm2_reference.digest(point, SAMPLE_MESSAGE, identifier)
    made = sm2_reference.signature_with(SAMPLE_NONCE, int.from_bytes(SAMPLE_SCALAR), e)
    with pytest.raises(SignatureMismatch):
        keys.signer_for(FurtherAlg.SM2_SM3, SAMPLE_SCALAR, algorithms=table).public_key.verify(made, SAMPLE_MESSAGE)


def halves(signature: bytes) -> tuple[int, int]:
    return int.from_bytes(signature[:32]), int.from_bytes(signature[32:])


@pytest.mark.parametrize(
    ("r", "s"),
    [
        pytest.param(lambda r, s: 0, lambda r, s: s, id="r-0"),
        pytest.param(lambda r, s: r, lambda r, s: 0, id="s-0"),
        pytest.param(lambda r, s: sm2.ORDER, lambda r, s: s, id="r-n"),
        pytest.param(lambda r, s: r, lambda r, s: sm2.ORDER, id="s-n"),
        pytest.param(lambda r, s: 2**256 - 1, lambda r, s: s, id="r-all-ones"),
        pytest.param(lambda r, s: r, lambda r, s: 2**256 - 1, id="s-all-ones"),
    ],
)
def test_out_of_range(table: AlgorithmTable, r: Any, s: Any) -> None:
    one = signer(table)
    good = halves(one.sign(MESSAGE))
    with pytest.raises(SignatureForm):
        one.public_key.verify(r(*good).to_bytes(32) + s(*good).to_bytes(32), MESSAGE)


@pytest.mark.parametrize("length", [0, 32, 63, 65, 70, 96])
def test_another_length(table: AlgorithmTable, length: int) -> None:
    one = signer(table)
    with pytest.raises(SignatureForm):
        one.public_key.verify((one.sign(MESSAGE) * 2)[:length], MESSAGE)


def test_s_is_not_symmetrical(table: AlgorithmTable) -> None:
    """With ECDSA (r, n−s) verifies too, and only the low s is ours. With SM2 none of these does: no rule is needed."""
    one = signer(table)
    for number in range(8):
        message = bytes((number,))
        r, s = halves(one.sign(message))
        for other_r, other_s in ((r, sm2.ORDER - s), (sm2.ORDER - r, s), (sm2.ORDER - r, sm2.ORDER - s), (s, r)):
            with pytest.raises(SignatureMismatch):
                one.public_key.verify(other_r.to_bytes(32) + other_s.to_bytes(32), message)


def test_the_other_s_takes_the_private_key() -> None:
    """(−k − r·d) / (1 + d) fits too: the signer can sign twice, as everybody can, and nobody else can do it."""
    scalar, e = int.from_bytes(SAMPLE_SCALAR), SAMPLE_E
    r, _ = halves(SAMPLE_SIGNATURE)
    other = (-SAMPLE_NONCE - r * scalar) * pow(1 + scalar, -1, sm2.ORDER) % sm2.ORDER
    key = Sm2Key(SAMPLE_X, y_is_odd=True, provider=sm2_reference.Reference())
    key.verify(r.to_bytes(32) + other.to_bytes(32), SAMPLE_MESSAGE)
    assert e == sm2_reference.digest(b"\x04" + SAMPLE_X + SAMPLE_Y, SAMPLE_MESSAGE)


def test_r_plus_s_is_not_0(table: AlgorithmTable) -> None:
    """GB/T 32918.2 section 7.1 step B5."""
    r, _ = halves(SAMPLE_SIGNATURE)
    with pytest.raises(SignatureMismatch):
        signer(table).public_key.verify(r.to_bytes(32) + (sm2.ORDER - r).to_bytes(32), MESSAGE)


def test_another_key_and_a_bent_bit(table: AlgorithmTable) -> None:
    one, other = signer(table), signer(table, "other")
    signature = one.sign(MESSAGE)
    one.public_key.verify(signature, MESSAGE)
    with pytest.raises(SignatureMismatch):
        other.public_key.verify(signature, MESSAGE)
    for position in (0, 31, 32, 63):
        bent = bytearray(signature)
        bent[position] ^= 1
        with pytest.raises(SignatureMismatch):
            one.public_key.verify(bytes(bent), MESSAGE)


# Keys.


def test_key_form(table: AlgorithmTable) -> None:
    key = signer(table).public_key
    good = dict(key.cose_key)
    assert good.keys() == {labels.KEY_KTY, labels.KEY_CRV, labels.KEY_X, labels.KEY_Y}
    assert (good[labels.KEY_KTY], good[labels.KEY_CRV]) == (2, -70201)
    assert keys.load_cose_key(good, algorithms=table) == key
    for label, wrongs in {
        labels.KEY_KTY: (1, True, "2", None),
        labels.KEY_CRV: (8, -70200, "SM2", None),
        labels.KEY_X: (bytes(31), bytes(33), b"\xff" * 32, sm2.PRIME.to_bytes(32), "x", None),
        labels.KEY_Y: (SAMPLE_Y, 1, 0, None),
    }.items():
        for wrong in wrongs:
            with pytest.raises(KeyRefused):
                keys.load_cose_key({**good, label: wrong}, algorithms=table)
        with pytest.raises(KeyRefused):
            keys.load_cose_key({each: value for each, value in good.items() if each != label}, algorithms=table)
    with pytest.raises(KeyRefused):
        keys.load_cose_key({**good, 3: -70232}, algorithms=table)


def test_half_of_the_numbers_are_no_x() -> None:
    refused = 0
    for number in range(40):
        try:
            Sm2Key(Drbg(f"x {number}")(32), y_is_odd=False, provider=sm2_reference.Reference())
        except KeyRefused:
            refused += 1
    assert 8 < refused < 32


def test_a_point_of_p256_is_no_point_here(table: AlgorithmTable) -> None:
    for number in range(20):
        p256 = keys.signer_for(Alg.ESP256, Drbg(f"p256 {number}")(32)).public_key.cose_key
        try:
            loaded = keys.load_cose_key({**p256, labels.KEY_CRV: labels.CRV_SM2}, algorithms=table)
        except KeyRefused:
            return
        assert isinstance(loaded, Sm2Key)
    raise AssertionError("twenty points of P-256 on the other curve")


@pytest.mark.parametrize(
    "scalar",
    [bytes(32), sm2.ORDER.to_bytes(32), (sm2.ORDER - 1).to_bytes(32), b"\xff" * 32, b"\x01" * 31, b"\x01" * 33],
    ids=["0", "n", "n-1", "all-ones", "31-bytes", "33-bytes"],
)
def test_private_keys(table: AlgorithmTable, provider: Sm2Provider, scalar: bytes) -> None:
    with pytest.raises(KeyRefused):
        Sm2Signer(scalar, provider=provider)
    with pytest.raises(KeyRefused):
        keys.signer_for(FurtherAlg.SM2_SM3, scalar, algorithms=table)


def test_extreme_private_keys(provider: Sm2Provider) -> None:
    for scalar in (1, 2, sm2.ORDER - 2):
        one = Sm2Signer(scalar.to_bytes(32), provider=provider)
        one.public_key.verify(one.sign(MESSAGE), MESSAGE)


# In force only by a table.


class TestEndToEnd:
    """An authority and a holder with SM2 keys, beside the default algorithms."""

    world = World()

    def anchors(self, issuer: Signer) -> tuple[TrustAnchor, ...]:
        later = UnixTime(BEGINNING + 400 * DAY)
        kinds = frozenset(self.world.kinds)
        prefixes = (f"lz:{WUYOU}/",)
        ours = TrustAnchor(self.world.iss(), issuer.public_key, KeyUse.ASSERT, kinds, prefixes, later, later)
        return (*self.world.anchors(), ours)

    def trust_bytes(self, issuer: Signer) -> bytes:
        at = self.world.clock.at
        entries = trust_list.index(self.anchors(issuer))
        stated = TrustList(WUYOU, 1, UnixTime(at - HOUR), UnixTime(at + 30 * DAY), entries)
        return trust_list.sign(stated, self.world.roots[WUYOU])

    def issued(self, issuer: Signer, holder: Signer, table: AlgorithmTable) -> bytes:
        claims = self.world.claims(holder=holder)
        return credential.issue(
            claims, {labels.Lic.CLASS: "C1"}, (), issuer, kid=keys.kid_of(issuer.public_key), algorithms=table
        )

    def shown(self, issued: bytes, holder: Signer, table: AlgorithmTable) -> bytes:
        return key_binding.present(issued, (), self.world.key_binding(), holder, algorithms=table)

    def read(self, encoded: bytes, trust: TrustList, table: AlgorithmTable) -> Presentation:
        unverified = key_binding.parse(encoded, algorithms=table)
        anchor = trust_list.find_assertion_anchor(trust, unverified.credential, at=self.world.clock.at)
        return key_binding.verify(unverified, anchor.key, algorithms=table)

    @pytest.mark.parametrize("holder_alg", [*Alg, FurtherAlg.SM2_SM3])
    @pytest.mark.parametrize("issuer_alg", [*Alg, FurtherAlg.SM2_SM3])
    def test_accepted(self, table: AlgorithmTable, issuer_alg: Any, holder_alg: Any) -> None:
        issuer = signer(table, "issuer") if issuer_alg is FurtherAlg.SM2_SM3 else self.world.issuers[WUYOU, issuer_alg]
        holder = signer(table, "holder") if holder_alg is FurtherAlg.SM2_SM3 else self.world.holder(alg=holder_alg)
        trust = trust_list.verify(
            self.trust_bytes(signer(table, "issuer")), root=self.world.roots[WUYOU].public_key, algorithms=table
        )
        presentation = self.read(self.shown(self.issued(issuer, holder, table), holder, table), trust, table)
        assert presentation.items == {labels.Lic.CLASS: "C1"}
        assert presentation.confirmation_key == holder.public_key

    def test_refused_without_the_table(self, table: AlgorithmTable) -> None:
        """Each place where a key or an algorithm of a stranger is read is strict by default."""
        issuer, holder = signer(table, "issuer"), signer(table, "holder")
        root = self.world.roots[WUYOU].public_key
        with pytest.raises(KeyRefused):
            trust_list.verify(self.trust_bytes(issuer), root=root)
        trust = trust_list.verify(self.trust_bytes(issuer), root=root, algorithms=table)
        encoded = self.shown(self.issued(issuer, self.world.holder(), table), self.world.holder(), table)
        with pytest.raises(AlgError):
            self.read(encoded, trust, DEFAULT_ALGORITHMS)
        with pytest.raises(AlgError):
            key_binding.present(self.issued(issuer, holder, table), (), self.world.key_binding(), holder)
        of_a_holder = self.issued(self.world.issuers[WUYOU, Alg.ED25519], holder, table)
        with pytest.raises(AlgError):
            self.read(self.shown(of_a_holder, holder, table), trust, DEFAULT_ALGORITHMS)
        with pytest.raises(KeyRefused):
            self.issued(self.world.issuers[WUYOU, Alg.ED25519], holder, DEFAULT_ALGORITHMS)
        with pytest.raises(AlgError):
            keys.signer_for(FurtherAlg.SM2_SM3, SAMPLE_SCALAR)

    @pytest.mark.parametrize(
        ("changed", "reason"), [("issuer", IssuerSignatureInvalid), ("holder", HolderSignatureInvalid)]
    )
    def test_one_signature_forged(self, table: AlgorithmTable, changed: str, reason: type[Exception]) -> None:
        issuer, holder, stranger = signer(table, "issuer"), signer(table, "holder"), signer(table, "stranger")
        trust = trust_list.verify(self.trust_bytes(issuer), root=self.world.roots[WUYOU].public_key, algorithms=table)
        if changed == "issuer":
            claims = self.world.claims(holder=holder)
            issued = credential.issue(
                claims, {labels.Lic.CLASS: "C1"}, (), stranger, kid=keys.kid_of(issuer.public_key), algorithms=table
            )
            encoded = self.shown(issued, holder, table)
        else:
            encoded = self.shown(self.issued(issuer, holder, table), stranger, table)
        with pytest.raises(reason):
            self.read(encoded, trust, table)

    def test_the_algorithm_is_the_key_s(self, table: AlgorithmTable) -> None:
        """A P-256 signature under an SM2 kid, and the reverse, with the header as the signer writes it."""
        p256, issuer = self.world.issuers[WUYOU, Alg.ESP256], signer(table, "issuer")
        trust = trust_list.verify(self.trust_bytes(issuer), root=self.world.roots[WUYOU].public_key, algorithms=table)
        holder = self.world.holder()
        for signing, named in ((p256, issuer), (issuer, p256)):
            claims = self.world.claims(holder=holder)
            issued = credential.issue(
                claims, {labels.Lic.CLASS: "C1"}, (), signing, kid=keys.kid_of(named.public_key), algorithms=table
            )
            with pytest.raises(AlgError):
                self.read(self.shown(issued, holder, table), trust, table)

    def test_a_root_with_an_sm2_key(self, table: AlgorithmTable) -> None:
        """Alone by the table; as the first of a pair by being pinned."""
        root = signer(table, "root")
        pair = SignerPair(root, MlDsa65Signer(Drbg("sm2 pair")(32)))
        trust, listed, policy = self.world.trust(), self.world.catalogue(), self.world.policy()
        for each in (root, pair):
            pinned: Root = each.public_key
            signed = trust_list.sign(trust, each), catalogue.sign(listed, each), appraisal_policy.sign(policy, each)
            assert trust_list.verify(signed[0], root=pinned, algorithms=table) == trust
            assert catalogue.verify(signed[1], root=pinned, algorithms=table) == listed
            assert appraisal_policy.verify(signed[2], root=pinned, algorithms=table) == policy
        for refusing, encoded in (
            (trust_list.verify, trust_list.sign(trust, root)),
            (catalogue.verify, catalogue.sign(listed, root)),
            (appraisal_policy.verify, appraisal_policy.sign(policy, root)),
        ):
            with pytest.raises(AlgError):
                refusing(encoded, root=root.public_key)


# The system's library.


def test_a_library_that_is_not_there() -> None:
    with pytest.raises(sm2_libcrypto.Sm2Unavailable, match="libcrypto-of-nobody"):
        sm2_libcrypto.open_provider("libcrypto-of-nobody.so")


def test_a_library_that_is_none() -> None:
    """libc is there and has no OpenSSL in it."""
    libc = "libc.so.6"
    try:
        ctypes.CDLL(libc)
    except OSError:
        libc = "libSystem.dylib"
    with pytest.raises(sm2_libcrypto.Sm2Unavailable, match="older than OpenSSL 3"):
        sm2_libcrypto.open_provider(libc)


@pytest.mark.needs_sm2
@pytest.mark.parametrize(
    ("function", "answer", "match"),
    [
        ("OpenSSL_version_num", lambda: 0x1010117F, "older than OpenSSL 3"),
        ("EVP_PKEY_CTX_new_from_name", lambda *_: None, "without SM2"),
        ("EVP_PKEY_fromdata", lambda *_: 0, "without SM2"),
        ("EVP_DigestVerifyInit_ex", lambda *_: 0, "without SM2"),
        ("EVP_PKEY_CTX_set1_id", lambda *_: -2, "without SM2"),
        ("EVP_DigestVerify", lambda *_: 0, "sample of GB/T 32918.5"),
        ("EVP_DigestVerify", lambda *_: -1, "sample of GB/T 32918.5"),
    ],
)
def test_a_library_without_sm2(function: str, answer: Any, match: str) -> None:
    """One function of the real library answers as those of a build without SM2 do."""
    real = next((name for name in sm2_libcrypto.LIBRARIES if _is_there(name)), None)
    if real is None:
        pytest.skip("no libcrypto of OpenSSL 3 on this system")
    library = ctypes.CDLL(real)
    with pytest.raises(sm2_libcrypto.Sm2Unavailable, match=match):
        sm2_libcrypto._Libcrypto(_OneAnswer(library, function, answer), real)


def _is_there(name: str) -> bool:
    try:
        return bool(ctypes.CDLL(name))
    except OSError:
        return False


class _OneAnswer:
    """A library of which one function has another answer."""

    def __init__(self, library: ctypes.CDLL, function: str, answer: Any) -> None:
        self._library = library
        self._function = function
        self._answer = _Function(answer)

    def __getattr__(self, name: str) -> Any:
        return self._answer if name == self._function else getattr(self._library, name)


class _Function:
    """Something to call that takes restype and argtypes."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def __call__(self, *arguments: Any) -> Any:
        return self._answer(*arguments)
