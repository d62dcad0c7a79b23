"""Draw the example pictures and write down where the pencils and pens are in them.

    python -m examples.pens.generator [FOLDER]

Writes FOLDER/pictures and FOLDER/answers.manifest (default: examples/pens). The photograph in `pictures` is not made
here; its boxes are those published with it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from examples.pens.generator.answers import PHOTOGRAPH, answer_line
from examples.pens.generator.scenes import SCENES
from examples.pens.generator.studio import save, take


def main(folder: Path) -> None:
    """Make all pictures, then the manifest, sorted by key as Ground Truth's input manifest is."""
    lines = {PHOTOGRAPH.name: answer_line(PHOTOGRAPH)}
    for scene in SCENES:
        picture, seen = take(scene)
        save(picture, folder / "pictures" / scene.name)
        lines[scene.name] = answer_line(seen)
    manifest = "".join(lines[name] for name in sorted(lines))
    (folder / "answers.manifest").write_text(manifest, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent)
