"""`image.py ROOT.tar IMAGE.tar NAME COMMAND...`: one layer as an image archive, without any tool for images."""

from __future__ import annotations

import hashlib
import io
import json
import platform
import sys
import tarfile

PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def main(root: str, image: str, name: str, *command: str) -> None:
    with open(root, "rb") as file:  # noqa: PTH123 as short as this script
        layer = hashlib.file_digest(file, "sha256").hexdigest()
    config = {
        "architecture": ARCHITECTURES[platform.machine()],
        "os": "linux",
        "config": {"Cmd": command, "Env": [PATH]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer}"]},
        "history": [{"created_by": "labelround's scripts/node.sh"}],  # buildah wants one for each layer
    }
    content = json.dumps(config).encode()
    config_name = f"{hashlib.sha256(content).hexdigest()}.json"
    manifest = [{"Config": config_name, "RepoTags": [name], "Layers": [f"{layer}.tar"]}]
    with tarfile.open(image, "w") as archive:
        archive.add(root, f"{layer}.tar")
        for path, written in ((config_name, content), ("manifest.json", json.dumps(manifest).encode())):
            entry = tarfile.TarInfo(path)
            entry.size = len(written)
            archive.addfile(entry, io.BytesIO(written))


main(*sys.argv[1:])
