"""`python killed_after.py N COUNT_FILE ARGUMENT...`: run labelround, and SIGKILL it right after its Nth effect.

An effect is a change of an object, or an answered CreateLabelingJob or StopLabelingJob. The server that
the run starts lives in the same process, so it dies with it. When the run ends by itself, the number of effects is
written to COUNT_FILE.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import botocore.client

from labelround.cli.main import main
from labelround.storage import Bucket

DEADLY = int(sys.argv[1])
count = 0
counting = threading.Lock()


def happened() -> None:
    """One effect more; threads take turns."""
    global count
    with counting:
        count += 1
        if count == DEADLY:
            os.kill(os.getpid(), signal.SIGKILL)


def counted(call: Any) -> Any:
    def and_then(*arguments: Any, **options: Any) -> Any:
        answer = call(*arguments, **options)
        happened()
        return answer

    return and_then


for name in ("write", "write_part", "write_stream", "copy", "delete"):
    setattr(Bucket, name, counted(getattr(Bucket, name)))

client_class: Any = botocore.client.BaseClient
make_api_call = client_class._make_api_call


def api_call(self: Any, operation: str, parameters: Any) -> Any:
    answer = make_api_call(self, operation, parameters)
    if operation in {"CreateLabelingJob", "StopLabelingJob"}:
        happened()
    return answer


client_class._make_api_call = api_call

try:
    main(sys.argv[3:])
finally:
    Path(sys.argv[2]).write_text(str(count), encoding="utf-8")
