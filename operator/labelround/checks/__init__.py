"""What `labelround plan` asks the outside world before anything is written: bucket, role, workteam, names, jobs.

Every check only reads. A check returns what it found as problems; a service that cannot be asked becomes a warning
that says what was not checked, so that one missing right never hides the other findings.
"""

from __future__ import annotations

from labelround.checks.bucket import check_bucket
from labelround.checks.findings import CheckClients, CheckSettings, Findings
from labelround.checks.labeling import check_labeling
from labelround.spec.model import LabelingRound
from labelround.storage import Buckets

__all__ = ["CheckClients", "CheckSettings", "Findings", "check_round"]


def check_round(round: LabelingRound, settings: CheckSettings, buckets: Buckets, clients: CheckClients) -> Findings:
    """Everything that can be known before the first write. Never raises for what a service answers."""
    return check_bucket(round, settings, buckets, clients) + check_labeling(round, settings, buckets, clients)
