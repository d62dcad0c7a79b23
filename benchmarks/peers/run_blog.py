"""The AWS blog's two scripts, as its text has them run: `run_blog.py S3_FOLDER BUCKET JOB_ID JOB_NAME OUTPUT_DIR`.

Works in the current folder. Between the scripts, the blog's reader copies annot.csv from S3 to where the second looks.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

s3, bucket, job_id, job_name, output = sys.argv[1:]
here = Path(__file__).resolve().parent
given = {"s3_bucket": bucket, "job_id": job_id, "ground_truth_job_name": job_name, "yolo_output_dir": output}
Path("input.json").write_text(json.dumps(given), encoding="utf-8")
environment = {**os.environ, "LOCAL_S3": s3, "PYTHONPATH": str(here / "local_s3")}
subprocess.run([sys.executable, here / "blog" / "parse_annots.py"], env=environment, check=True)
shutil.copy(Path(s3, bucket, job_id, "ground_truth_annots", job_name, "annot.csv"), "annot.csv")
subprocess.run([sys.executable, here / "blog" / "create_annot.py"], env=environment, check=True)
