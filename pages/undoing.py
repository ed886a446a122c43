"""Messages that offer to take back what they tell of."""

import json
from uuid import uuid4

from pages.visitor import UserHandler, Visitor

_MILLISECONDS = 10_000
_KEPT = 20


def tell_with_undo(visitor: Visitor, words: str, undo: UserHandler) -> None:
    """Show a message for ten seconds, with a button that calls `undo`."""
    token = uuid4().hex
    visitor.undos[token] = undo
    for forgotten in tuple(visitor.undos)[:-_KEPT]:
        del visitor.undos[forgotten]
    if not visitor.client.is_deleted:
        told = json.dumps([words, token, _MILLISECONDS])
        visitor.client.run_javascript(f"cxTellWithUndo(...{told})")


async def take_back(visitor: Visitor, token: object) -> None:
    """Take back what the message with this token told of; once."""
    undo = visitor.undos.pop(str(token), None)
    if undo is not None:
        await visitor.guarded(undo)()
