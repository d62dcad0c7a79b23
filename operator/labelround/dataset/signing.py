"""Signing a dataset that is as its conversion left it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labelround.dataset.existing import Dataset
from labelround.dataset.formats import SIGNATURE
from labelround.dataset.signature import signature
from labelround.dataset.validate.digest import check_descriptions, check_digest
from labelround.errors import InvalidInput, Problem

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def sign(dataset: Dataset, key: Ed25519PrivateKey) -> str:
    """Write the signature into the dataset's folder; where it is. Ed25519 signs alike each time, so again is the same.

    Raises InvalidInput, and signs nothing, when the dataset is not complete or any of its files is another than the
    report vouches for.
    """
    content = signature(dataset, key)
    findings = [*check_digest(dataset, {}), *check_descriptions(dataset)]
    if findings:
        raise InvalidInput(Problem(finding.where, finding.what, finding.fix) for finding in findings)
    dataset.folder.write(SIGNATURE, content)
    return dataset.folder.uri(SIGNATURE)
