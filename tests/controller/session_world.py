"""What sessions are tried with: settings, a Secret, and every way to use a session."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

from labelround.controller.rules import Policy
from labelround.controller.sessions import Session
from labelround.controller.settings import ConversionSettings, OperatorSettings

NAMESPACE = "labelround"
ROLE = "arn:aws:iam::123456789012:role/labelround"
WHEN = datetime(2026, 1, 1, tzinfo=UTC)
SETTINGS = OperatorSettings(
    cluster_name="east", conversion=ConversionSettings("i"), policy=Policy(), namespace=NAMESPACE, workers=4
)


def secret(key: str = "SECRETKEY", **more: str) -> dict[str, Any]:
    """A Secret with credentials."""
    values = {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": "secret\n"} | more
    data = {name: base64.b64encode(value.encode()).decode() for name, value in values.items()}
    return {"metadata": {"name": "own"}, "data": data}


def use(session: Session) -> None:
    """Every way in which a pass uses a session."""
    bucket = session.buckets.open("pictures")
    bucket.write("a.jpg", b"x")
    bucket.read("a.jpg")
    session.s3.head_bucket(Bucket="pictures")
    list(session.api.list(created_after=WHEN))
