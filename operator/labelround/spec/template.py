"""A commented round.yaml to start from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import yaml

from labelround.spec.model import OutputFormat

_HINT = "  # ---- Everything below has a default. Remove the `# ` in front of a line to change it. ----\n"
_OPTIONS = """\
  # stopLabeling: false            # true: stop labeling now and make the dataset from what is there
  # attempts: 1                    # above 1: what failed or stayed unlabeled goes to a follow-up job
  # suspend: false                 # true: take no new step; a running labeling job goes on
  # deletionPolicy: Stop           # Stop or Orphan: what deleting the round does to a running labeling job
  # ttlSecondsAfterFinished: 86400 # delete the finished round after this time; the dataset stays
  # quality:                       # what the dataset must come up to; it may be changed at any time
  #   maxFailedShare: 0.1          # of the images
  #   maxUnlabeledShare: 0.5
  #   maxSuspiciousShare: 0.1      # of the boxes
  #   minBoxesPerClass: 10
  # dataset:
  #   images: Reference            # Reference, or Copy to put the pictures into the dataset
  #   checkImages: true            # read every picture's size and orientation
  #   previews: 20                 # pictures with their boxes drawn, to look at; 0 for none
  #   license: ""                  # such as CC-BY-4.0, for the dataset's card
  #   split:
  #     train: 80                  # shares of the images
  #     val: 20
  #     test: 0
  #     seed: 0                    # another seed, another split
  #     groupBy: ""                # a regular expression over the key; what it names never straddles splits
"""
_JOB_OPTIONS = """\
  #   workteam: ""                 # a private or vendor workteam's name or ARN; default: the first one allowed
  #   title: ""                    # what workers read in their list of tasks
  #   description: ""
  #   workersPerImage: 1           # 1 to 9; above 1, the answers are consolidated
  #   taskTimeLimitSeconds: 3600   # for one picture
  #   instructions:
  #     short: ""
  #     full: ""
  #     goodExamples: []           # keys of pictures in the bucket
  #     badExamples: []
"""


def round_yaml(
    name: str,
    bucket: str,
    images_prefix: str,
    labels: Sequence[str],
    *,
    prefix: str | None = None,
    adopt: str | None = None,
    label_attribute_name: str | None = None,
    output_prefix: str | None = None,
    output_format: OutputFormat = OutputFormat.YOLO,
) -> str:
    """The text of a LabelingRound with these values; every other field stands in a comment with its default."""
    spec = {"bucket": bucket, "imagesPrefix": images_prefix}
    folders = {"prefix": prefix, "outputPrefix": output_prefix}
    job = {"adopt": adopt, "labelAttributeName": label_attribute_name}
    return "".join(
        [
            "# See what it would do: labelround plan -f round.yaml\n",
            "apiVersion: labelround.dev/v1alpha1\n",
            "kind: LabelingRound\n",
            "metadata:\n",
            f"  name: {_scalar(name)}  # a new round takes a new name\n",
            "spec:\n",
            *_lines(spec, "  "),
            "  labels:  # the first is class 0 of the dataset; the order stays for ever\n",
            *(f"    - {_scalar(label)}\n" for label in labels),
            f"  outputFormat: {output_format.value}  # {' or '.join(known.value for known in OutputFormat)}\n",
            *_lines(folders, "  "),
            _HINT,
            *_job_lines(job),
            _OPTIONS,
        ]
    )


def _job_lines(job: Mapping[str, str | None]) -> Iterable[str]:
    stated = list(_lines(job, "    "))
    return ["  labelingJob:\n" if stated else "  # labelingJob:\n", *stated, _JOB_OPTIONS]


def _lines(values: Mapping[str, str | None], indent: str) -> Iterable[str]:
    return (f"{indent}{name}: {_scalar(value)}\n" for name, value in values.items() if value is not None)


def _scalar(text: str) -> str:
    """`text` in YAML, in quotes unless every reader of YAML takes it for a text as it stands."""
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9_./-]+", text) and yaml.safe_load(text) == text:
        return text
    quoted: str = yaml.safe_dump(text, default_style='"', allow_unicode=True, width=float("inf"))
    return quoted.removesuffix("\n")
