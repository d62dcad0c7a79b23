"""Where a round keeps its objects."""

from __future__ import annotations

import pytest

from labelround.layout import Layout

LAYOUT = Layout("bounding_box/", "bounding_box/yolo_annot_files/")


@pytest.mark.parametrize(
    ("attempt", "chunk", "chunks", "key"),
    [
        (1, 0, 1, "bounding_box/manifest.json"),
        (1, 0, 2, "bounding_box/manifest-0000.json"),
        (1, 12, 13, "bounding_box/manifest-0012.json"),
        (2, 0, 1, "bounding_box/manifest-2-0000.json"),
        (3, 1, 2, "bounding_box/manifest-3-0001.json"),
    ],
)
def test_manifests_have_the_blog_s_name_while_there_is_one(attempt: int, chunk: int, chunks: int, key: str) -> None:
    """Chunks and follow-ups add numbers."""
    assert LAYOUT.manifest_key(attempt, chunk, chunks) == key


def test_a_job_has_one_folder_with_everything_of_it() -> None:
    """The category file lies where the Ground Truth console puts it."""
    assert LAYOUT.annotations_prefix == "bounding_box/ground_truth_annots/"
    assert LAYOUT.job_folder("pens-1") == "bounding_box/ground_truth_annots/pens-1/"
    assert LAYOUT.label_category_key("pens-1") == f"{LAYOUT.job_folder('pens-1')}annotation-tool/data.json"
    assert LAYOUT.ui_template_key("pens-1") == f"{LAYOUT.job_folder('pens-1')}annotation-tool/template.liquid"
    assert LAYOUT.annotations_key("pens-1") == f"{LAYOUT.job_folder('pens-1')}annot.csv"
    assert LAYOUT.output_manifest_uri("b", "pens-1") == (
        "s3://b/bounding_box/ground_truth_annots/pens-1/manifests/output/output.manifest"
    )


def test_a_prepared_conversion_lies_beside_the_manifest() -> None:
    """A round that adopts a job does not own its folder, so its file is told from others by the conversion's Job."""
    assert LAYOUT.conversion_key() == "bounding_box/conversion.json"
    assert LAYOUT.conversion_key("pens-1-convert") == "bounding_box/conversion-pens-1-convert.json"


def test_a_round_at_the_root_of_the_bucket_has_no_leading_slash() -> None:
    """S3 would take `/manifest.json` for another object."""
    layout = Layout("", "yolo_annot_files/")

    assert layout.manifest_key(1, 0, 1) == "manifest.json"
    assert layout.job_folder("pens-1") == "ground_truth_annots/pens-1/"
