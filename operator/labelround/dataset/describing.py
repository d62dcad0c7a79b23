"""What describes a dataset to those who meet it alone: a card for people, and Croissant for machines.

Both follow from the report and are no part of the digest, which they tell; the report has their own hashes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256

from labelround.dataset.card import card
from labelround.dataset.croissant import croissant
from labelround.dataset.formats import CARD, CONFLICTS, CROISSANT, GROUPS, SIGNATURE
from labelround.dataset.report import Report

DESCRIPTIONS = (CARD, CROISSANT)
VOUCHED = (*DESCRIPTIONS, GROUPS, CONFLICTS)
"""The files whose hashes the report may have beside the digest."""
BESIDE = (*VOUCHED, SIGNATURE)
"""All files that a dataset may have beside those of its digest, its report and its pictures."""


def described(report: Report, hashes: Mapping[str, str]) -> tuple[Report, Mapping[str, bytes]]:
    """The files that describe a dataset, by name, and the report that vouches for them.

    `hashes` are the SHA-256 of the dataset's fixed files, in hexadecimal.
    """
    files = {CARD: card(report, hashes), CROISSANT: croissant(report, hashes)}
    return replace(report, described={name: sha256(files[name]).hexdigest() for name in files}), files
