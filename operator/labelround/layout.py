"""Where a round keeps its objects: the layout of the AWS blog on Ground Truth and YOLO, key by key.

All keys are relative to the round's bucket. Prefixes end in `/` or are empty (the root of the bucket).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from labelround.spec.names import ANNOTATIONS_FOLDER
from labelround.uri import ObjectURI, folder

if TYPE_CHECKING:
    from labelround.spec.model import LabelingRound

# The object that keeps two rounds from writing one place: one in each of the two prefixes.
CLAIM_NAME = ".labelround-claim.json"


@dataclass(frozen=True, slots=True)
class Layout:
    """The keys of one round below its two prefixes; `job` arguments are names of labeling jobs."""

    prefix: str
    output_prefix: str

    @classmethod
    def of(cls, round: LabelingRound) -> Layout:
        """The layout of a parsed round."""
        return cls(folder(round.prefix), folder(round.output_prefix))

    @property
    def annotations_prefix(self) -> str:
        """The folder in which the labeling service makes one folder a job: `OutputConfig.S3OutputPath`."""
        return f"{self.prefix}{ANNOTATIONS_FOLDER}"

    def manifest_key(self, attempt: int, chunk: int, chunks: int) -> str:
        """The input manifest of a chunk: `manifest.json`, `manifest-0001.json`, or `manifest-2-0001.json` later.

        Attempts count from 1, chunks from 0; `chunks` is how many the attempt has.
        """
        if attempt > 1:
            return f"{self.prefix}manifest-{attempt}-{chunk:04}.json"
        return f"{self.prefix}manifest-{chunk:04}.json" if chunks > 1 else f"{self.prefix}manifest.json"

    def conversion_key(self, job: str = "") -> str:
        """The conversion that the operator has prepared for a pod.

        A round that adopts a labeling job may share its folder, so the name of its conversion `job` is in the file's.
        """
        return f"{self.prefix}conversion-{job}.json" if job else f"{self.prefix}conversion.json"

    def job_folder(self, job: str) -> str:
        """Everything of one labeling job."""
        return f"{self.annotations_prefix}{job}/"

    def label_category_key(self, job: str) -> str:
        """The label category configuration file, where the Ground Truth console puts it too."""
        return f"{self.job_folder(job)}annotation-tool/data.json"

    def ui_template_key(self, job: str) -> str:
        """The page that workers see."""
        return f"{self.job_folder(job)}annotation-tool/template.liquid"

    def annotations_key(self, job: str) -> str:
        """The job's boxes as a table."""
        return f"{self.job_folder(job)}annot.csv"

    def output_manifest_key(self, job: str) -> str:
        """Where Ground Truth usually writes the result; DescribeLabelingJob says where it really is."""
        return f"{self.job_folder(job)}manifests/output/output.manifest"

    def output_manifest_uri(self, bucket: str, job: str) -> str:
        """`output_manifest_key` as an address, for a job that cannot be described any more."""
        return str(ObjectURI(bucket, self.output_manifest_key(job)))
