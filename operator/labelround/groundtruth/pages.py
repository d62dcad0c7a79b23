"""Pages of ListLabelingJobs, read in a twentieth of the time that boto3 takes.

boto3 walks through an answer value by value, by its model of the service. A poll over ten thousand labeling jobs would
spend most of its time there. boto3 still signs, sends, tries again and tells errors; an answer that is not as expected
is left to it, too.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

SUMMARIES = "LabelingJobSummaryList"
TIMES = ("CreationTime", "LastModifiedTime")
_EVENT = "before-parse.sagemaker.ListLabelingJobs"


def read_pages_quickly(client: Any) -> None:
    """Have this boto3 client read the answers of ListLabelingJobs so."""
    client.meta.events.register(_EVENT, _read_page, unique_id="labelround-pages")


def _read_page(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any) -> None:
    """What is read here takes the place of what boto3 reads."""
    if response_dict["status_code"] != 200:
        return
    try:
        page = msgspec.json.decode(response_dict["body"])
        for summary in page[SUMMARIES]:
            for name in TIMES:
                summary[name] = datetime.fromtimestamp(summary[name], UTC)
    except (msgspec.DecodeError, LookupError, TypeError, ValueError, OverflowError, OSError):
        return
    customized_response_dict.update(page)
    response_dict["body"] = b"{}"
