"""`kubectl port-forward`, for as long as a test needs it."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from tests.cluster.access import ControlPlane
from tests.servers.waiting import until

FORWARDED = re.compile(rb"Forwarding from 127\.0\.0\.1:(\d+)")


@contextmanager
def tunnel(control_plane: ControlPlane, namespace: str, target: str, port: int) -> Iterator[str]:
    """The address on this machine of a port of a pod or Service."""
    with tempfile.NamedTemporaryFile() as log:
        command = ["kubectl", "port-forward", "-n", namespace, target, f":{port}", "--address=127.0.0.1"]
        process = subprocess.Popen(command, env=control_plane.environment, stdout=log, stderr=log)
        try:

            def local() -> bytes | None:
                with open(log.name, "rb") as written:  # noqa: PTH123 the log of another process
                    text = written.read()
                assert process.poll() is None, text
                found = FORWARDED.search(text)
                return found[1] if found else None

            number = until(local, f"kubectl forwards {target}")
            assert number is not None
            yield f"http://127.0.0.1:{number.decode()}"
        finally:
            process.terminate()
            process.wait(timeout=30)
