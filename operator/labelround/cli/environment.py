"""The composition root of `run`, `label` and `plan`: which buckets, whose labeling API, where state is kept."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labelround import aws
from labelround.cli.inviting import login_name, page_port, show_the_way
from labelround.groundtruth.api import LabelingAPI
from labelround.groundtruth.client import Boto3LabelingAPI, loopback_client
from labelround.request import JobSettings
from labelround.spec.model import LabelingRound
from labelround.spec.names import WORKTEAM_ARN
from labelround.storage import Buckets

if TYPE_CHECKING:
    from labelround.server import ServerSettings

AWS_POLL_SECONDS = 30.0
LOCAL_POLL_SECONDS = 0.5
LOCAL_REGION = "us-east-1"
LOCAL_ACCOUNT = "000000000000"
LOCAL_WORKTEAM = "labelround"


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says. `root` and `mapped` tell which folders are buckets."""

    buckets: Buckets
    root: Path | None
    mapped: Mapping[str, Path]
    poll_seconds: float | None
    region: str | None
    s3_endpoint_url: str | None
    sagemaker_endpoint_url: str | None
    answers: str | None
    seed: int
    noise: float
    decline_rate: float
    delay: float
    role_arn: str | None
    workteam: str | None
    state_dir: Path | None
    workers: tuple[str, ...] = ()
    port: int | None = None
    open_page: bool = False

    @property
    def local(self) -> bool:
        """Whether buckets are folders."""
        return bool(self.root or self.mapped)

    @property
    def where(self) -> str:
        """The options with which another command finds the same buckets."""
        words = ["--root", str(self.root)] if self.root else []
        words += [word for name, path in self.mapped.items() for word in ("--bucket", f"{name}={path}")]
        words += ["--s3-endpoint-url", self.s3_endpoint_url] if self.s3_endpoint_url else []
        return shlex.join(words)

    @property
    def state(self) -> Path:
        """The folder where this machine remembers rounds."""
        if self.state_dir:
            return self.state_dir
        if self.root:
            return self.root / ".labelround"
        return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "labelround"

    @property
    def endpoint(self) -> str | None:
        """The labeling API that was named, here or in the environment; None for AWS."""
        return (
            self.sagemaker_endpoint_url
            or os.environ.get("AWS_ENDPOINT_URL_SAGEMAKER")
            or os.environ.get("AWS_ENDPOINT_URL")
        )

    @property
    def by_people(self) -> bool:
        """Whether people label on a page of this command's own."""
        return self.local and not self.answers and not self.endpoint

    @property
    def on_aws(self) -> bool:
        """Whether AWS itself labels."""
        return not self.answers and not self.local and not self.endpoint


@dataclass(frozen=True, slots=True)
class Service:
    """Whoever labels. `client` is the boto3 SageMaker client behind `api`."""

    api: LabelingAPI
    client: Any
    settings: JobSettings
    portal_url: Callable[[str], str]
    poll_seconds: float


@contextmanager
def labeling_service(round: LabelingRound, options: Options) -> Iterator[Service]:
    """The service that labels this round.

    For local pictures without an endpoint a labelround server on a loopback port, for as long as the context lasts:
    with simulated workers when there is an answers manifest, and otherwise for people, who are told where to label.
    """
    if options.answers and options.sagemaker_endpoint_url:
        raise click.UsageError("--answers starts a server of its own; leave --sagemaker-endpoint-url out")
    if options.answers:
        with _background(_server_settings(options), options) as endpoint:
            yield _local_service(loopback_client(endpoint), round, options)
    elif options.local and options.endpoint:
        yield _local_service(loopback_client(options.endpoint), round, options)
    elif options.local:
        settings = _settings_for_people(round, options)
        with _background(settings, options) as endpoint:
            show_the_way(settings.people, endpoint, open_page=options.open_page)
            yield _local_service(loopback_client(endpoint), round, options)
    else:
        yield _aws_service(round, options)


def _background(settings: ServerSettings, options: Options) -> AbstractContextManager[str]:
    from labelround.server import background

    return background(settings, options.buckets)


def _server_settings(options: Options) -> ServerSettings:
    from labelround.server import ServerSettings

    return ServerSettings(
        database=options.state / "server.db",
        request_log=options.state / "requests.jsonl",
        answers=options.answers,
        seed=options.seed,
        noise=options.noise,
        decline_rate=options.decline_rate,
        delay=options.delay,
    )


def _settings_for_people(round: LabelingRound, options: Options) -> ServerSettings:
    """A server for people, at least as many as look at each picture, at one port: browsers keep drawings by it."""
    from labelround.server.people import Person

    people = tuple(Person(name) for name in options.workers or (login_name(),))
    needed = round.labeling_job.workers_per_image
    if len(people) < needed:
        raise click.UsageError(
            f"each picture is for {needed} workers, and there is {len(people)}; name each with --worker NAME"
        )
    port = options.port if options.port is not None else page_port(round.uid, options.state)
    return replace(_server_settings(options), people=people, port=port)


def _local_service(client: Any, round: LabelingRound, options: Options) -> Service:
    poll = options.poll_seconds or LOCAL_POLL_SECONDS
    return Service(Boto3LabelingAPI(client), client, local_settings(round, options), lambda _: "", poll)


def local_settings(round: LabelingRound, options: Options) -> JobSettings:
    """The job settings for a labelround server: region, role and team are names that it does not look behind."""
    workteam = round.labeling_job.workteam or options.workteam or LOCAL_WORKTEAM
    return JobSettings(
        region=LOCAL_REGION,
        role_arn=options.role_arn or f"arn:aws:iam::{LOCAL_ACCOUNT}:role/labelround",
        workteam_arn=workteam_arn(workteam, LOCAL_REGION, LOCAL_ACCOUNT),
    )


def _aws_service(round: LabelingRound, options: Options) -> Service:
    from labelround.team import portal_url

    client = aws.client("sagemaker", region=options.region, endpoint_url=options.sagemaker_endpoint_url)
    settings = JobSettings(
        region=client.meta.region_name,
        role_arn=options.role_arn or "",
        workteam_arn=known_workteam_arn(round.labeling_job.workteam or options.workteam or "", client),
    )
    poll = options.poll_seconds or AWS_POLL_SECONDS
    return Service(Boto3LabelingAPI(client), client, settings, lambda arn: portal_url(client, arn), poll)


def workteam_arn(workteam: str, region: str, account: str) -> str:
    """The ARN of a private team given by name, or the ARN that was given."""
    if WORKTEAM_ARN.fullmatch(workteam):
        return workteam
    return f"arn:aws:sagemaker:{region}:{account}:workteam/private-crowd/{workteam}"


def known_workteam_arn(workteam: str, client: Any) -> str:
    """The ARN of the team, looked up by name; "" when none was named (an adopted job needs none)."""
    if not workteam or WORKTEAM_ARN.fullmatch(workteam):
        return workteam
    with aws.translated(f"looking up the workteam {workteam}"):
        arn: str = client.describe_workteam(WorkteamName=workteam)["Workteam"]["WorkteamArn"]
    return arn
