"""`labelround sign`, and the keys of signatures."""

from __future__ import annotations

from pathlib import Path

import click

from labelround.cli.options import PATIENCE_SECONDS, bucket_options, open_buckets

KEY_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(short_help="Sign a dataset, so that others can tell that it is yours and whole.")
@click.argument("dataset")
@click.option("--key", required=True, type=KEY_FILE, metavar="FILE", help="Your private Ed25519 key, in PEM form.")
@bucket_options
def sign(
    dataset: str,
    key: Path,
    root: Path | None,
    bucket: dict[str, Path],
    s3_endpoint_url: str | None,
    region: str | None,
) -> None:
    """Sign DATASET, a folder or an S3 address, and print where the signature is.

    It stands beside the report as report.json.sig, and covers the report and all that the report vouches for: labels,
    lists, tables and cards, but no pictures. Nothing is signed that is not as the conversion left it. `labelround
    validate --public-key` checks it, and so does OpenSSL.
    """
    from labelround.dataset.existing import dataset_folder, open_dataset
    from labelround.dataset.signature import key_name, private_key
    from labelround.dataset.signing import sign as sign_dataset

    signer = private_key(key.read_bytes(), str(key))
    buckets = open_buckets(root, bucket, s3_endpoint_url, region, patience_seconds=PATIENCE_SECONDS)
    click.echo(sign_dataset(open_dataset(dataset_folder(dataset, buckets)), signer))
    click.echo(f"signed with the key whose public half is {key_name(signer.public_key())}", err=True)
