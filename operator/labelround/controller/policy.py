"""Which rule of the administrator's policy serves a round, and what a round is told that none serves.

A round names a bucket, folders, a workteam and a ServiceAccount, tainted nodes for its pods and whom they push aside;
the rights behind them are the operator's or the tenant's. `grant` gives them out by the policy alone, before anything
outside is touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from labelround.controller.rules import EVERY_TAINT, Backend, BucketRule, Grant, Policy, Rule, workteam_name
from labelround.errors import Conflict
from labelround.spec.model import LabelingRound
from labelround.spec.wording import printable
from labelround.uri import ObjectURI, folder

__all__ = ["ASK", "NOT_ALLOWED", "Backend", "BucketRule", "Grant", "Policy", "Rule", "grant"]

NOT_ALLOWED = "NotAllowed"
ASK = "ask the administrator of the operator"
NO_CHOICE = "the policy names none"
SHOWN_FIELDS = 5
SHOWN_CHOICES = 3
SHOWN_CHARACTERS = 80

BUCKET = "spec.bucket"
WORKTEAM = "spec.labelingJob.workteam"
SERVICE_ACCOUNT = "spec.conversion.serviceAccountName"
PRIORITY_CLASS = "spec.conversion.priorityClassName"


def grant(policy: Policy, round: LabelingRound, namespace_labels: Mapping[str, str]) -> Grant:
    """What the round may use, by the first rule that allows all that it names.

    Raises Conflict (`NotAllowed`) with the fields that are in the way. It tells of the rules of the round's own
    namespace alone.
    """
    rules = [rule for rule in policy.rules if rule.serves(round.namespace, namespace_labels)]
    if not rules:
        what = f"no rule of the operator's policy serves the namespace {round.namespace}"
        raise Conflict(NOT_ALLOWED, f"{what}; {ASK} for one")
    refused = [_refused(rule, round) for rule in rules]
    for rule, paths in zip(rules, refused, strict=True):
        if not paths:
            return Grant(
                rule=rule,
                backend=policy.backends[rule.backend],
                workteam_arn=rule.workteam_arn(round.labeling_job.workteam),
                service_account_name=_service_account(round) or rule.service_accounts[0],
            )
    raise Conflict(NOT_ALLOWED, _message(round, rules, refused))


def _refused(rule: Rule, round: LabelingRound) -> tuple[str, ...]:
    """The paths of the fields that the rule does not allow."""
    bucket = () if any(each.name == round.bucket for each in rule.buckets) else (BUCKET,)
    places = tuple(path for path, key in _places(round).items() if not rule.holds(round.bucket, key))
    job = round.labeling_job
    needs_workteam = bool(job.workteam or not job.adopt)
    workteam = (WORKTEAM,) if needs_workteam and not rule.workteam_arn(job.workteam) else ()
    name = _service_account(round)
    service_account = (SERVICE_ACCOUNT,) if name and name not in rule.service_accounts else ()
    priority = _priority_class(round)
    priority_class = (PRIORITY_CLASS,) if priority and priority not in rule.priority_class_names else ()
    tolerations = tuple(path for path, key in _tolerations(round).items() if not rule.tolerates(key))
    return (*bucket, *places, *workteam, *service_account, *priority_class, *tolerations)


def _places(round: LabelingRound) -> dict[str, str]:
    """Every place in the bucket that the round reads or writes, by the path of its field."""
    shown, since = round.labeling_job.instructions, round.dataset.since
    examples = {"goodExamples": shown.good_examples, "badExamples": shown.bad_examples}
    return {
        "spec.imagesPrefix": folder(round.images_prefix),
        "spec.prefix": folder(round.prefix),
        "spec.outputPrefix": folder(round.output_prefix),
        **({"spec.dataset.since": since} if since else {}),
    } | {
        f"spec.labelingJob.instructions.{name}[{index}]": key
        for name, keys in examples.items()
        for index, key in enumerate(keys)
    }


def _service_account(round: LabelingRound) -> str:
    return str(round.conversion.get("serviceAccountName") or "")


def _priority_class(round: LabelingRound) -> str:
    return str(round.conversion.get("priorityClassName") or "")


def _tolerations(round: LabelingRound) -> dict[str, str]:
    """The taints that the round's pods tolerate, by the path of the toleration's key."""
    return {
        f"spec.conversion.tolerations[{index}].key": str(each.get("key") or EVERY_TAINT)
        for index, each in enumerate(round.conversion.get("tolerations") or ())
    }


def _message(round: LabelingRound, rules: Sequence[Rule], refused: Sequence[Sequence[str]]) -> str:
    """What no rule allows, field by field; where each field alone is allowed, what the nearest rule does not."""
    places = _places(round)
    paths = [path for path in refused[0] if all(path in others for others in refused)]
    if BUCKET in paths:
        paths = [path for path in paths if path not in places]
    together = "" if paths else " together with its other fields"
    if not paths:
        nearest: Sequence[str] = min(refused, key=len)
        paths = list(nearest)
    told = "; ".join(_told(path, round, rules, places) for path in paths[:SHOWN_FIELDS])
    more = f"; and {len(paths) - SHOWN_FIELDS} more" if len(paths) > SHOWN_FIELDS else ""
    return f"the operator's policy does not allow the round{together}; change it, or {ASK}. {told}{more}"


def _told(path: str, round: LabelingRound, rules: Sequence[Rule], places: Mapping[str, str]) -> str:
    """What a field names, and what the namespace's rules have for it."""
    if path == BUCKET:
        return _line(path, round.bucket, (each.name for rule in rules for each in rule.buckets))
    if path == WORKTEAM:
        names = (workteam_name(arn) for rule in rules for arn in rule.workteam_arns)
        return _line(path, round.labeling_job.workteam, names)
    if path == SERVICE_ACCOUNT:
        return _line(path, _service_account(round), (name for rule in rules for name in rule.service_accounts))
    if path == PRIORITY_CLASS:
        return _line(path, _priority_class(round), (name for rule in rules for name in rule.priority_class_names))
    if key := _tolerations(round).get(path):
        return _line(path, key, (name for rule in rules for name in rule.toleration_keys))
    return _line(path, str(ObjectURI(round.bucket, places[path])), _addresses(round.bucket, rules))


def _addresses(bucket: str, rules: Iterable[Rule]) -> Iterator[str]:
    for each in (each for rule in rules for each in rule.buckets if each.name == bucket):
        yield from (str(ObjectURI(bucket, folder(prefix))) for prefix in each.prefixes)


def _line(path: str, value: str, choices: Iterable[str]) -> str:
    known = list(dict.fromkeys(choices))
    more = ", ..." if len(known) > SHOWN_CHOICES else ""
    allowed = ", ".join(map(_short, known[:SHOWN_CHOICES])) + more if known else "none"
    return f"{path}: {_short(value)} is not allowed (allowed: {allowed})" if value else f"{path}: {NO_CHOICE}"


def _short(value: str) -> str:
    text = printable(value)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}..."
