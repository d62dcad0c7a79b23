"""The layouts of a dataset: where its files are, and what the fixed ones say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from labelround.dataset import voc
from labelround.dataset.boxes import Box, label_file
from labelround.dataset.naming import LABEL_EXTENSION, split_extension
from labelround.dataset.split import LISTED, PART_WORDS, Part
from labelround.layout import CLAIM_NAME
from labelround.spec.model import OutputFormat

ANNOTATIONS = "annot.csv"
IMAGES = "images.csv"
REPORT = "report.json"
GROUPS = "groups.csv"
CONFLICTS = "conflicts.csv"
CARD = "CARD.md"
CROISSANT = "croissant.json"
SIGNATURE = "report.json.sig"
UNFINISHED = ".labelround-unfinished.txt"
"""The list of files that may be there while a dataset is being made."""
PARTS = ".labelround-parts"
"""The folder of what the shards of a conversion pass on, while a dataset is being made."""
INDEX = f"{PARTS}/index.json"
"""What the first of them found; it vouches for the images of all shards."""
PREVIEWS = "previews"
DATA_YAML = "data.yaml"
OBJ_NAMES = "obj.names"
OBJ_DATA = "obj.data"
COCO_FOLDER = "annotations"
NDJSON_EXTENSION = ".ndjson"
NDJSON_FILE = f"dataset{NDJSON_EXTENSION}"


@dataclass(frozen=True, slots=True)
class Format:
    """Where one output format puts things. Folders end in `/` or are empty: beside each other at the root.

    A format either has a label file an image, which ends in `label_extension`, or `gathers`: a few files hold the boxes
    of all.
    """

    kind: OutputFormat
    labels_folder: str
    images_folder: str
    label_extension: str = LABEL_EXTENSION
    lists_folder: str = ""
    by_split: bool = False
    """Whether images lie in a folder for each part of the split, and none below it."""

    @property
    def gathers(self) -> bool:
        """Whether a few files hold the boxes of all images."""
        return not self.label_extension

    def label_file(self, name: str) -> str:
        """The label file of the image `name`; "" when the format has none."""
        end = self.label_extension
        return self.labels_folder + split_extension(name)[0] + end if end else ""

    def label_content(self, name: str, boxes: Iterable[Box], labels: Sequence[str], width: int, height: int) -> bytes:
        """What a label file says: clipped boxes in the image `name` of `width` x `height` pixels."""
        if self.label_extension == voc.EXTENSION:
            return voc.annotation(name, boxes, labels, width, height)
        return label_file(boxes, width, height)

    def image_files(self, name: str, parts: Iterable[str]) -> list[str]:
        """Where the image `name` is, once it is there; it stands in the lists of these parts of the split."""
        if self.by_split:
            return [f"{self.images_folder}{part}/{name}" for part in parts]
        return [self.images_folder + name]

    def list_line(self, name: str) -> str:
        """The image `name` in a list. YOLO resolves only `./` beside the list; VOC lists names without extension."""
        if self.lists_folder:
            return f"{split_extension(name)[0]}\n"
        return f"./{self.images_folder}{name}\n"

    @property
    def reserved(self) -> frozenset[str]:
        """Files and folders that images and label files must not be mixed up with."""
        if self.images_folder:
            return frozenset()
        lists = [list_file(part) for part in LISTED]
        tables = [ANNOTATIONS, IMAGES, GROUPS, CONFLICTS, REPORT, OBJ_NAMES, OBJ_DATA]
        about = [CARD, CROISSANT, SIGNATURE]
        return frozenset([*lists, *tables, *about, PREVIEWS, CLAIM_NAME, UNFINISHED, PARTS])

    def class_files(self, labels: Sequence[str], lists: Sequence[Part]) -> Mapping[str, bytes]:
        """The files that name the classes and those lists that are there."""
        if self.kind is OutputFormat.YOLO:
            return {DATA_YAML: _data_yaml(labels, lists).encode()}
        if self.gathers:
            return {}
        if self.kind is OutputFormat.PASCAL_VOC:
            classes = voc.label_map(labels)
            return {} if classes is None else {voc.LABEL_MAP: classes}
        names = "".join(f"{label}\n" for label in labels)
        return {OBJ_NAMES: names.encode(), OBJ_DATA: _obj_data(labels, lists).encode()}

    def list_files(self, lists: Sequence[Part]) -> Mapping[str, Part]:
        """The files that list the images of these parts of the split."""
        return {} if self.gathers else {self.lists_folder + list_file(part): part for part in lists}

    def gathered_files(self, lists: Sequence[Part]) -> list[str]:
        """The files that hold the boxes of all images of these parts of the split."""
        if self.kind is OutputFormat.NDJSON:
            return [NDJSON_FILE]
        return [instances_file(part) for part in lists] if self.gathers else []

    @property
    def longest_folder(self) -> str:
        """The folder that leaves the fewest bytes of a key for a name."""
        images = [f"{self.images_folder}{part}/" for part in PART_WORDS] if self.by_split else [self.images_folder]
        return max([self.labels_folder, *images], key=len)


_FORMATS = {
    OutputFormat.YOLO: Format(OutputFormat.YOLO, "labels/", "images/"),
    OutputFormat.DARKNET: Format(OutputFormat.DARKNET, "", ""),
    OutputFormat.PASCAL_VOC: Format(
        OutputFormat.PASCAL_VOC, voc.LABELS_FOLDER, voc.IMAGES_FOLDER, voc.EXTENSION, voc.LISTS_FOLDER
    ),
    OutputFormat.COCO: Format(OutputFormat.COCO, "", "images/", ""),
    OutputFormat.NDJSON: Format(OutputFormat.NDJSON, "", "images/", "", by_split=True),
}


def format_of(kind: OutputFormat) -> Format:
    """The layout of an output format."""
    return _FORMATS[kind]


def list_file(part: Part) -> str:
    """The file that lists the images of one part of the split."""
    return f"{PART_WORDS[part]}.txt"


def instances_file(part: Part) -> str:
    """COCO's file of one part of the split, called as the COCO dataset calls its own."""
    return f"{COCO_FOLDER}/instances_{PART_WORDS[part]}.json"


def is_decisive(path: str) -> bool:
    """Whether some trainer may take the file for the one that says what the dataset holds, in whatever format."""
    return path in DECISIVE or ("/" not in path and path.endswith(NDJSON_EXTENSION))


DECISIVE = frozenset(
    [DATA_YAML, OBJ_DATA, OBJ_NAMES, voc.LABEL_MAP]
    + [name for layout in _FORMATS.values() for name in (*layout.list_files(LISTED), *layout.gathered_files(LISTED))]
)
"""The files by which labelround's own formats say what the dataset holds."""


def _data_yaml(labels: Sequence[str], lists: Sequence[Part]) -> str:
    """Without `path`: Ultralytics then takes the file's own folder, so that the dataset can be moved."""
    paths = [f"{PART_WORDS[part]}: {list_file(part)}" for part in lists]
    names = [f"  {index}: {_quoted(label)}" for index, label in enumerate(labels)]
    return "\n".join([*paths, f"nc: {len(labels)}", "names:", *names, ""])


def _obj_data(labels: Sequence[str], lists: Sequence[Part]) -> str:
    keys = {Part.TRAIN: "train", Part.VAL: "valid", Part.TEST: "test"}
    paths = [f"{keys[part]} = {list_file(part)}" for part in lists]
    return "\n".join([f"classes = {len(labels)}", *paths, f"names = {OBJ_NAMES}", "backup = backup/", ""])


def _quoted(name: str) -> str:
    """A YAML string in double quotes, safe for any name."""
    return '"' + "".join(map(_escaped, name)) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
