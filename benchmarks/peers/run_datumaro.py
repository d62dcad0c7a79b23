"""COCO to YOLO by datumaro, in an environment of its own: `run_datumaro.py FOLDER OUTPUT`."""

import sys

from datumaro import Dataset

Dataset.import_from(sys.argv[1], "coco_instances").export(sys.argv[2], "yolo", save_media=False)
