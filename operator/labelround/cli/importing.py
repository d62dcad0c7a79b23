"""`labelround import`: from the AWS blog's scripts to a LabelingRound."""

from __future__ import annotations

from pathlib import Path

import click

from labelround.cli.options import bucket_options, open_buckets
from labelround.errors import Conflict

INPUT_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("import", short_help="Turn the AWS blog's input.json into a LabelingRound.")
@click.argument("input_json", metavar="INPUT.JSON", type=INPUT_FILE)
@bucket_options
@click.option("--label-file", type=INPUT_FILE, help="Read the labels from this data.json instead of the job's folder.")
@click.option("--name", default="", help="Name of the round. Default: that of the labeling job.")
@click.option("-f", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to FILE, not to stdout.")
def import_(
    input_json: Path,
    root: Path | None,
    bucket: dict[str, Path],
    s3_endpoint_url: str | None,
    region: str | None,
    label_file: Path | None,
    name: str,
    output: Path | None,
) -> None:
    """Turn the input.json of AWS's blog on Ground Truth and YOLO into a LabelingRound.

    The round adopts the labeling job, so nothing is labeled again: `labelround run` makes the dataset from it. The
    blog's folders are kept. The labels come from the job's annotation-tool/data.json in the bucket.
    """
    from labelround.importing import imported_round, labels_of, read_input
    from labelround.labelfile import read_labels

    blog = read_input(input_json.read_bytes(), str(input_json))
    for field in blog.unknown:
        click.echo(f"warning: {input_json}: {field}: is not a field of the blog's input.json and is ignored", err=True)

    def labels() -> tuple[str, ...]:
        if label_file is not None:
            return read_labels(label_file.read_bytes(), str(label_file))
        return labels_of(blog, open_buckets(root, bucket, s3_endpoint_url, region))

    text = imported_round(blog, labels, str(input_json), name)
    if output is None:
        click.echo(text, nl=False)
    else:
        _write(output, text)


def _write(file: Path, text: str) -> None:
    """Write a new file, whole; one with the same text is fine."""
    if file.exists():
        if file.read_text(encoding="utf-8", errors="replace") == text:
            return
        raise Conflict("FileExists", f"{file}: is already there and differs; remove it, or name another file")
    aside = file.with_name(f"{file.name}.new")
    aside.write_text(text, encoding="utf-8")
    aside.replace(file)
    click.echo(f"wrote {file}; next: labelround plan -f {file}", err=True)
