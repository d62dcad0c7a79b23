"""Label Studio's tasks to YOLO by its own converter: `run_label_studio.py TASKS CONFIG OUTPUT`."""

import sys
from pathlib import Path

from label_studio_sdk.converter import Converter

tasks, config, output = sys.argv[1:]
converter = Converter(Path(config).read_text(encoding="utf-8"), project_dir=None, download_resources=False)
converter.convert_to_yolo(tasks, output, is_dir=False)
