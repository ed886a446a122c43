"""Many documents changed by one statement, each by values of its own.

A statement per document costs the server two to three times as much (parsing, planning,
committing) as one statement whose pipeline carries a table and lets each document look up
its row. Each document's write is still one atomic step under the same guard.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cronpp_app.store.documents import Document

Rows = Mapping[str, Document]
# A statement may carry 16 MiB, and a character may take four bytes.
_STATEMENT_CHARACTERS = 3_000_000


def row_of(values: Mapping[str, Any]) -> Document:
    """Return the expression for the value that `values` holds under the document's `_id`."""
    # Literals: a person's words must never be read as an expression.
    position = {"$indexOfArray": [{"$literal": list(values)}, "$_id"]}
    return {"$arrayElemAt": [{"$literal": list(values.values())}, position]}


def same(field: str, values: Mapping[str, Any]) -> Document:
    """Return the condition that `field` still is what `values` holds for the document."""
    return {"$eq": [f"${field}", row_of(values)]}


def merge(rows: Rows, *, unset: Sequence[str] = ()) -> list[Document]:
    """Return the pipeline that sets each document's fields to its row's, and removes `unset`."""
    stages: list[Document] = [{"$replaceWith": {"$mergeObjects": ["$$ROOT", row_of(rows)]}}]
    return [*stages, {"$unset": list(unset)}] if unset else stages


def merge_with(rows: Rows, fields: Document) -> list[Document]:
    """Return the pipeline that sets `fields`, whose expressions see the row as `$$row`."""
    merged = {"$mergeObjects": ["$$ROOT", fields]}
    return [{"$replaceWith": {"$let": {"vars": {"row": row_of(rows)}, "in": merged}}}]


def portions(rows: Rows, *, characters: Mapping[str, int]) -> Iterator[Rows]:
    """Yield `rows` in portions that fit a statement, given how long each one's texts are."""
    portion: dict[str, Document] = {}
    size = 0
    for key, row in rows.items():
        if portion and size + characters[key] > _STATEMENT_CHARACTERS:
            yield portion
            portion, size = {}, 0
        portion[key] = row
        size += characters[key]
    if portion:
        yield portion
