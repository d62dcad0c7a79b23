"""The pages where workteams label, each looked up once in a while."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from labelround.controller.access import Access
from labelround.errors import LabelroundError
from labelround.workteams import portal_url

KEPT_SECONDS = 3600.0
_log = logging.getLogger(__name__)


@dataclass
class Portals:
    """Addresses of worker portals by session and workteam. One that cannot be had is left out for an hour, too."""

    clock: Callable[[], float] = time.monotonic
    _known: dict[tuple[object, str], tuple[float, str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def url(self, access: Access, workteam_arn: str) -> str:
        """The address of the workteam's page, "" when it has none."""
        place = (access.session.key, workteam_arn)
        with self._lock:
            known = self._known.get(place)
        if known is not None and self.clock() - known[0] < KEPT_SECONDS:
            return known[1]
        try:
            address = portal_url(access.session.sagemaker, workteam_arn)
        except LabelroundError as error:
            _log.warning("the page of the workteam %s is not known: %s", workteam_arn, error)
            address = known[1] if known else ""
        with self._lock:
            self._known[place] = (self.clock(), address)
        return address
