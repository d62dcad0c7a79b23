"""The seam to Ground Truth, held against botocore's own service model."""

from __future__ import annotations

from typing import Any

import botocore.loaders
import pytest
from botocore.model import ServiceModel, StructureShape

from labelround.errors import Conflict, InvalidInput, LabelroundError, Unavailable
from labelround.groundtruth.api import JobStatus, LabelCounters
from labelround.groundtruth.errors import CODES, JobAbsent, NameInUse, Response, classify, translate

OPERATIONS = ("CreateLabelingJob", "DescribeLabelingJob", "ListLabelingJobs", "StopLabelingJob")


@pytest.fixture(scope="module")
def model() -> ServiceModel:
    description: dict[str, Any] = botocore.loaders.Loader().load_service_model("sagemaker", "service-2")
    return ServiceModel(description)


def test_every_declared_error_of_the_operations_in_use_has_a_row(model: ServiceModel) -> None:
    """A new error in botocore's model fails this test until a person has decided what to do about it."""
    declared = {
        shape.metadata.get("error", {}).get("code", shape.name)
        for operation in OPERATIONS
        for shape in model.operation_model(operation).error_shapes
    }

    assert declared
    assert declared <= set(CODES)


def test_every_status_of_the_model_is_a_job_status(model: ServiceModel) -> None:
    """All six, and no other."""
    shape: Any = model.shape_for("LabelingJobStatus")

    assert set(shape.enum) == {status.value for status in JobStatus}


def test_every_counter_of_the_model_is_kept(model: ServiceModel) -> None:
    """A counter that AWS adds must not vanish silently."""
    shape = model.shape_for("LabelCounters")
    assert isinstance(shape, StructureShape)

    assert len(shape.members) == len(LabelCounters.__slots__)
    assert {name.lower() for name in shape.members} == {name.replace("_", "") for name in LabelCounters.__slots__}


@pytest.mark.parametrize(
    ("code", "message", "about_a_job", "expected"),
    [
        pytest.param("ResourceInUse", "taken", False, NameInUse, id="a taken name"),
        pytest.param("ResourceNotFound", "no", True, JobAbsent, id="absent by its own code"),
        pytest.param("ValidationException", "Requested resource not found.", True, JobAbsent, id="absent by message"),
        pytest.param("ValidationException", "Could not find the job", True, JobAbsent, id="absent by another message"),
        pytest.param("ValidationException", "bad pattern", True, InvalidInput, id="a validation that is not absence"),
        pytest.param(
            "ValidationException",
            "Manifest not found",
            False,
            InvalidInput,
            id="create never reads 'not found' as absent",
        ),
        pytest.param("ResourceLimitExceeded", "20 jobs", False, Unavailable, id="a quota frees itself"),
        pytest.param("ThrottlingException", "Rate exceeded", False, Unavailable, id="throttled"),
        pytest.param("AccessDeniedException", "not authorized", False, Conflict, id="no right"),
        pytest.param("NobodyKnowsThis", "?", False, InvalidInput, id="an unknown client error is a person's to solve"),
    ],
)
def test_a_code_becomes_the_error_the_caller_acts_on(
    code: str, message: str, about_a_job: bool, expected: type[LabelroundError]
) -> None:
    """One table decides who acts next."""
    error = translate("DescribeLabelingJob", code, message, about_a_job=about_a_job)

    assert type(error) is expected
    assert message in str(error)


def test_an_unknown_code_of_a_failing_server_is_waited_for() -> None:
    """Only the HTTP status can tell."""
    assert classify("NobodyKnowsThis", status=503) is Response.WAIT
