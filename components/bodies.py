"""Bodies as people read them."""

import json


def pretty(body: str) -> str:
    """Return JSON with its lines indented; anything else as it is."""
    if body.lstrip()[:1] not in {"{", "["}:
        return body
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return body
