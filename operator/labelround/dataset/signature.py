"""`report.json.sig`: a detached Ed25519 signature of `report.json`, and so of all that the report vouches for.

The report has the digest of labels, lists and tables, and the hashes of what describes the dataset. The file holds the
64 bytes of the signature and nothing else, so that OpenSSL checks it too. cryptography is imported when a key is used.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from labelround.dataset.existing import Dataset
from labelround.dataset.formats import IMAGES, REPORT, SIGNATURE
from labelround.dataset.report import LARGEST_REPORT, Report
from labelround.errors import Failed, InvalidInput, ObjectNotFound, ObjectTooLarge, Problem

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SIGNATURE_BYTES = 64
_MAKE = "openssl genpkey -algorithm ed25519 -out KEY makes one"
_EXTRACT = "openssl pkey -in KEY -pubout makes one"


def private_key(content: bytes, where: str) -> Ed25519PrivateKey:
    """The key in a PEM file, without a password. Raises InvalidInput for anything else; `where` names the file."""
    with _needs_cryptography():
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    try:
        key = load_pem_private_key(content, password=None)
    except TypeError:
        raise _no_key(where, "needs a password", "decrypt it first: openssl pkey -in KEY -out PLAIN") from None
    except ValueError:
        raise _no_key(where, "is no private key in PEM form", _MAKE) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise _no_key(where, "is a private key of another kind than Ed25519", _MAKE)
    return key


def public_key(content: bytes, where: str) -> Ed25519PublicKey:
    """The key in a PEM file. Raises InvalidInput for anything else; `where` names the file."""
    with _needs_cryptography():
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        from cryptography.hazmat.primitives.serialization import load_pem_public_key
    try:
        key = load_pem_public_key(content)
    except ValueError:
        raise _no_key(where, "is no public key in PEM form", _EXTRACT) from None
    if not isinstance(key, Ed25519PublicKey):
        raise _no_key(where, "is a public key of another kind than Ed25519", _EXTRACT)
    return key


def signature(dataset: Dataset, key: Ed25519PrivateKey) -> bytes:
    """The signature of a dataset's report. Raises InvalidInput when there is none, and Failed when it changes."""
    if dataset.report is None:
        what = "is missing: the conversion did not end, or it is no dataset of labelround's"
        raise InvalidInput([Problem(dataset.folder.uri(REPORT), what, "convert again")])
    if dataset.rows is None:
        raise InvalidInput([Problem(dataset.folder.uri(IMAGES), "is missing or cannot be read", dataset.report.remedy)])
    content = _content(dataset)
    if content is None:
        raise Failed(f"{dataset.folder.uri(REPORT)}: changed meanwhile; run this again")
    return key.sign(content)


def signature_problem(dataset: Dataset, key: Ed25519PublicKey) -> str:
    """Why the key's holder has not signed this very report; an empty string when that is so."""
    from cryptography.exceptions import InvalidSignature

    content = _content(dataset)
    if content is None:
        return "cannot be checked, since there is no report of the dataset"
    try:
        key.verify(dataset.folder.read(SIGNATURE, at_most=SIGNATURE_BYTES), content)
    except ObjectNotFound:
        return "is missing: nobody has signed the dataset"
    except (InvalidSignature, ObjectTooLarge):
        return "is no signature of this report by this key"
    return ""


def key_name(key: Ed25519PublicKey) -> str:
    """The public key as 43 characters of base64, for people to compare."""
    return base64.b64encode(key.public_bytes_raw()).decode().rstrip("=")


def _content(dataset: Dataset) -> bytes | None:
    """The file of the report that was read; None when it is not there, or another by now."""
    try:
        content = dataset.folder.read(REPORT, at_most=LARGEST_REPORT)
    except (ObjectNotFound, ObjectTooLarge):
        return None
    return content if dataset.report is not None and Report.parse(content) == dataset.report else None


def _no_key(where: str, what: str, fix: str) -> InvalidInput:
    return InvalidInput([Problem(where, what, fix)])


@contextmanager
def _needs_cryptography() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        raise Failed(f"signatures need {error.name}; install it: pip install 'labelround[sign]'") from None
