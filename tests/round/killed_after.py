"""`python killed_after.py N COUNT_FILE ARGUMENT...`: run labelround, and SIGKILL it right after its Nth effect.

An effect is a change through the storage library, or an answered CreateLabelingJob or StopLabelingJob. The server that
the run starts lives in the same process, so it dies with it. When the run ends by itself, the number of effects is
written to COUNT_FILE.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import botocore.client
import obstore

from labelround.cli.main import main

DEADLY = int(sys.argv[1])
count = 0


def happened() -> None:
    global count
    count += 1
    if count == DEADLY:
        os.kill(os.getpid(), signal.SIGKILL)


def counted(call: Any) -> Any:
    def and_then(*arguments: Any, **options: Any) -> Any:
        answer = call(*arguments, **options)
        happened()
        return answer

    return and_then


for name in ("put", "copy", "delete", "rename"):
    setattr(obstore, name, counted(getattr(obstore, name)))

make_api_call = botocore.client.BaseClient._make_api_call


def api_call(self: Any, operation: str, parameters: Any) -> Any:
    answer = make_api_call(self, operation, parameters)
    if operation in {"CreateLabelingJob", "StopLabelingJob"}:
        happened()
    return answer


botocore.client.BaseClient._make_api_call = api_call

try:
    main(sys.argv[3:])
finally:
    Path(sys.argv[2]).write_text(str(count), encoding="utf-8")
