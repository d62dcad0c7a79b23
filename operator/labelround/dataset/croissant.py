"""`croissant.json`: what a dataset is, for search engines and loaders, as MLCommons' Croissant (JSON-LD) has it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from labelround.dataset.card import summary, title
from labelround.dataset.formats import ANNOTATIONS, IMAGES
from labelround.dataset.report import Report
from labelround.dataset.tables import ANNOTATION_COLUMNS, IMAGE_COLUMNS

CONFORMS_TO = "http://mlcommons.org/croissant/1.0"
SPDX_LICENSES = "https://spdx.org/licenses/"
_CONTEXT: Mapping[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_TYPES = {"boxes": "sc:Integer", "width": "sc:Integer", "height": "sc:Integer", "img_width": "sc:Integer",
          "img_height": "sc:Integer"} | dict.fromkeys(ANNOTATION_COLUMNS[2:6], "sc:Float")  # fmt: skip
_TABLES = {
    "images": (IMAGES, IMAGE_COLUMNS, "Every image that was asked for; those without a split are not in the dataset."),
    "annotations": (ANNOTATIONS, ANNOTATION_COLUMNS, "Every box, in pixels of the stored picture."),
}


def croissant(report: Report, hashes: Mapping[str, str]) -> bytes:
    """The description: UTF-8, and the same for the same conversion. `hashes` are the SHA-256 of the fixed files."""
    licence = report.options.origin.license
    document = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": title(report),
        "description": f"{summary(report)} Made by labelround {report.labelround}.",
        "conformsTo": CONFORMS_TO,
        **({"license": _license(licence)} if licence else {}),
        "version": f"1.0.0+sha256.{report.digest}",
        "distribution": [_file(file, hashes[file]) for file, _, _ in _TABLES.values()],
        "recordSet": [_classes(report), *(_table(name) for name in _TABLES)],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _license(expression: str) -> str:
    """The page of a single licence, else the expression as it is."""
    return expression if re.search(" |^LicenseRef-", expression) else f"{SPDX_LICENSES}{expression}.html"


def _file(name: str, digest: str) -> Mapping[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "contentUrl": name,
        "encodingFormat": "text/csv",
        "sha256": digest,
    }


def _classes(report: Report) -> Mapping[str, Any]:
    """The classes, which are data of the description itself."""
    rows = [{"classes/id": number, "classes/name": name} for number, name in enumerate(report.classes)]
    fields = [_field("classes", "id", "sc:Integer"), _field("classes", "name", "sc:Text")]
    return _record_set("classes", "The classes, by class id.", fields) | {"data": rows, "key": {"@id": "classes/id"}}


def _table(name: str) -> Mapping[str, Any]:
    file, columns, description = _TABLES[name]
    fields = [
        _field(name, column, _TYPES.get(column, "sc:Text"))
        | {"source": {"fileObject": {"@id": file}, "extract": {"column": column}}}
        for column in columns
    ]
    return _record_set(name, description, fields)


def _record_set(name: str, description: str, fields: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    return {"@type": "cr:RecordSet", "@id": name, "name": name, "description": description, "field": list(fields)}


def _field(record_set: str, name: str, kind: str) -> dict[str, Any]:
    return {"@type": "cr:Field", "@id": f"{record_set}/{name}", "name": name, "dataType": kind}
