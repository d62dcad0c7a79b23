"""`annot.csv` as a pandas table, and several rounds joined into one.

    >>> import labelround
    >>> boxes = labelround.read_annotations("s3://pens/yolo_annot_files/")  # doctest: +SKIP

pandas is imported when a function here is called, not by `import labelround`.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import astuple
from os import PathLike, fspath
from typing import TYPE_CHECKING

from labelround.dataset.existing import dataset_folder, read_complete, read_image_rows
from labelround.dataset.formats import ANNOTATIONS
from labelround.dataset.tables import ANNOTATION_COLUMNS, IMAGE_COLUMNS
from labelround.errors import InvalidInput, Problem
from labelround.storage import Buckets, Folder, buckets_at, locate

if TYPE_CHECKING:
    import pandas as pd

_TYPES = {
    "img_file": "str",
    "category": "str",
    **dict.fromkeys(("box_left", "box_top", "box_width", "box_height"), "float64"),
    **dict.fromkeys(("img_width", "img_height"), "int64"),
}
_NUMBERS = ("boxes", "width", "height")


def read_annotations(
    uri: str | PathLike[str], *, root: str | PathLike[str] | None = None, buckets: Buckets | None = None
) -> pd.DataFrame:
    """The boxes of a dataset, one a row, in the order of the file.

    `uri` names an `annot.csv`, or the folder that holds one: a local path or `s3://bucket/key`. With `root`, the
    folders below it stand for buckets; else S3 is read with the default AWS credentials (and AWS_ENDPOINT_URL_S3, if
    set) unless `buckets` says otherwise. A dataset that grows is read in its newest version, or in the one whose number
    stands behind an `@`.

    Columns: `img_file` and `category` (text, whatever it looks like: "NA", "null" and "1" stay what they are),
    `box_left`, `box_top`, `box_width`, `box_height` (float64, pixels of the stored raster), `img_width`, `img_height`
    (int64). An image without boxes has no row.

    Raises ObjectNotFound when there is no such file, and InvalidInput when it is no annotations table.
    """
    return read_table(*_place(fspath(uri), buckets_at(root, buckets)))


def read_table(folder: Folder, name: str) -> pd.DataFrame:
    """The table of boxes `name` in a folder, as `read_annotations` gives it."""
    return _table(folder.read(name), folder.uri(name))


def image_table(folder: Folder) -> pd.DataFrame:
    """`images.csv` of a complete dataset, with its numbers as int64. Raises InvalidInput when it is none."""
    import pandas as pd

    _, rows = read_complete(folder)
    kinds = {column: "int64" if column in _NUMBERS else "str" for column in IMAGE_COLUMNS}
    return pd.DataFrame(map(astuple, rows), columns=list(IMAGE_COLUMNS)).astype(kinds)


def merge(
    sources: Iterable[str | pd.DataFrame],
    *,
    conflicts: list[str] | None = None,
    root: str | PathLike[str] | None = None,
    buckets: Buckets | None = None,
) -> pd.DataFrame:
    """Join the boxes of several rounds into one table with the columns of `read_annotations`.

    A source is a table or what `read_annotations` takes. Where several sources know an image (the same `img_file`),
    the last one wins wholly: all its boxes count and none of the earlier ones. A dataset's folder also knows the
    images that it confirmed to be without objects, through `images.csv` beside the table; a bare table or file does
    not, and leaves earlier boxes of such an image in place. The rows keep their order, source by source.

    Names of images that several sources know are appended to `conflicts`, each once, in order. `root` and `buckets` say
    where buckets are, as for `read_annotations`.
    """
    import pandas as pd

    opened = buckets_at(root, buckets)
    tables: list[pd.DataFrame] = []
    known: list[set[str]] = []
    for source in sources:
        table, images = _source(source, opened)
        tables.append(table)
        known.append(images)
    later: set[str] = set()
    for i in reversed(range(len(tables))):
        tables[i] = tables[i][~tables[i]["img_file"].isin(later)]
        later |= known[i]
    if conflicts is not None:
        counted = pd.Series([image for images in known for image in sorted(images)], dtype="str").value_counts()
        conflicts += sorted(counted[counted > 1].index)
    return pd.concat(tables, ignore_index=True) if tables else _empty()


def _source(source: str | pd.DataFrame, buckets: Buckets) -> tuple[pd.DataFrame, set[str]]:
    """The table, and all images that the source knows."""
    if not isinstance(source, str):
        missing = [column for column in ANNOTATION_COLUMNS if column not in source.columns]
        if missing:
            raise InvalidInput([Problem("the table", f"lacks the columns {', '.join(missing)}")])
        table = source[list(ANNOTATION_COLUMNS)].astype(_TYPES)
        return table, set(table["img_file"])
    folder, name = _place(source, buckets)
    table = read_table(folder, name)
    rows = read_image_rows(folder) or ()
    return table, {*table["img_file"], *(row.image for row in rows if row.in_dataset)}


def _place(uri: str, buckets: Buckets) -> tuple[Folder, str]:
    """The folder and the name of the table that `uri` means."""
    if uri.endswith(".csv"):
        location = locate(uri, buckets)
        folder, _, name = location.key.rpartition("/")
        return Folder(location.bucket, folder), name
    return dataset_folder(uri, buckets), ANNOTATIONS


def _table(content: bytes, where: str) -> pd.DataFrame:
    import pandas as pd

    try:
        table = pd.read_csv(io.BytesIO(content), dtype=_TYPES, keep_default_na=False, encoding="utf-8")
    except (ValueError, pd.errors.ParserError) as error:
        raise InvalidInput([Problem(where, f"is no table of annotations ({error})")]) from error
    missing = [column for column in ANNOTATION_COLUMNS if column not in table.columns]
    if missing:
        raise InvalidInput([Problem(where, f"lacks the columns {', '.join(missing)}")])
    return table[list(ANNOTATION_COLUMNS)]


def _empty() -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({column: pd.Series(dtype=kind) for column, kind in _TYPES.items()})
