"""What a person does about each reason of a round's conditions: the same tables as in docs/states.md."""

from __future__ import annotations

STALLED = {
    "PrefixInUse": "another round owns the folder: give this one another `prefix` or `outputPrefix`",
    "NameTaken": (
        "a labeling job of that name exists and is not this round's: make a new round under another name; or it is a"
        " conversion Job, which the message says how to delete"
    ),
    "AdoptedJobNotFound": "check the name in `labelingJob.adopt`, the region and the credentials",
    "ConversionBlocked": (
        "a conversion Job has failed, or some of its shards; labels and the work of other shards are kept: mend what"
        " the message names, then delete the Jobs by its command; they are made again"
    ),
    "QualityNotMet": (
        "the dataset is there, but does not come up to `spec.quality`: look at it, then change the limit or take it"
        " away; or make a new round"
    ),
    "NotAllowed": "change what the message names in a new round, or ask the administrator for a rule that allows it",
    "NoImages": "upload pictures below `imagesPrefix`, or correct it in a new round",
    "TooManyImages": "make several rounds, each over a folder of its own, or have `maxImagesPerRound` raised",
    "AccessDenied": "mend the credentials or their policy; see docs/aws.md",
    "NoRegion": "pass `--region` or set `AWS_REGION`",
    "ObjectNotFound": "put back what the message names, or correct the name in a new round",
    "InvalidInput": "the message names the field or the file, and what is wrong with it",
    "Refused": "the message is the service's own: mend what it names",
}

FAILED = {
    "NothingLabeled": "see in the portal why nobody labeled, and make a new round",
    "LabelingFailed": "mend what the service's own reason names, and make a new round",
    "ConversionFailed": (
        "the message names what is wrong with the output; adopt the labeling job in a new round that fits it"
    ),
}


def advice(reason: str) -> str:
    """What to do about this reason; empty for one that is in no table."""
    return STALLED.get(reason) or FAILED.get(reason, "")
