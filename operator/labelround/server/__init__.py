"""The labelround server: the Ground Truth labeling API on this machine, with simulated workers.

`background` runs it beside other work and yields its endpoint URL; `create_app` is the ASGI application for a server of
one's own. Both need the `server` extra (Starlette, uvicorn, SQLAlchemy, psycopg), imported when they are called.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from labelround.errors import Failed
from labelround.server.address import parse_database
from labelround.server.faults import Faults
from labelround.server.settings import ServerSettings

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from labelround.storage import Buckets

__all__ = ["Faults", "MissingExtra", "ServerSettings", "background", "create_app", "parse_database"]


class MissingExtra(Failed):
    """The packages of the `server` extra are not installed."""


def background(settings: ServerSettings, buckets: Buckets) -> AbstractContextManager[str]:
    """Serve in a thread for as long as the context lasts; the context's value is the endpoint URL.

    The server listens on `settings.host`, a loopback address, and takes a free port unless `settings.port` names one.
    Raises InvalidInput for wrong settings, Conflict when another server uses the database, and Failed when it does not
    start.
    """
    _require_extra()
    from labelround.server.serving import served

    return served(settings, buckets)


def create_app(settings: ServerSettings, buckets: Buckets) -> Starlette:
    """The server as an ASGI application; its lifespan opens the database and runs the workers."""
    _require_extra()
    from labelround.server.app import application

    return application(settings, buckets)


def _require_extra() -> None:
    try:
        import psycopg  # noqa: F401 only whether they are there
        import sqlalchemy  # noqa: F401
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ModuleNotFoundError as error:
        raise MissingExtra(f"the server needs {error.name}; install it: pip install 'labelround[server]'") from None
