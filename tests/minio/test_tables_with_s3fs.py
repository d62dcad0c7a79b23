"""The dataset's tables on S3 as pandas users read them: through s3fs."""

from __future__ import annotations

import subprocess
import sys

from tests.servers.s3 import S3Server

TABLE = """\
img_file,category,box_left,box_top,box_width,box_height,img_width,img_height
page 1.jpg,pen,1,2,3,4,640,480
page 1.jpg,NA,5,6,7,8,640,480
"""
READ = """\
import sys
import pandas
options = {"key": sys.argv[2], "secret": sys.argv[2], "endpoint_url": sys.argv[3]}
table = pandas.read_csv(sys.argv[1], storage_options=options, keep_default_na=False)
print(list(table["category"]), int(table["box_width"].sum()))
"""


def test_pandas_reads_annot_csv_from_s3(server: S3Server) -> None:
    """In a process of its own: s3fs keeps an event loop for as long as its process lives."""
    bucket = server.new_bucket()
    bucket.write("pens #1/annot.csv", TABLE.encode())
    address = f"s3://{bucket.name}/pens #1/annot.csv"

    read = subprocess.run(
        [sys.executable, "-c", READ, address, server.environment["AWS_ACCESS_KEY_ID"], server.url],
        env=server.environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip

    assert read.stderr == ""
    assert read.stdout == "['pen', 'NA'] 10\n"
