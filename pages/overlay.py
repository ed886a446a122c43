"""What is open over a page has an address; the browser's way back closes it."""

import json

from pages.visitor import Visitor


def tell_open(visitor: Visitor, path: str) -> None:
    """Have the browser show `path`, the address of what is open over the page."""
    visitor.client.run_javascript(f"cxOver({json.dumps(path)})")


def tell_closed(visitor: Visitor, path: str) -> None:
    """Have the browser show `path`, the page's own address: nothing is open over it any more."""
    visitor.client.run_javascript(f"cxClosed({json.dumps(path)})")
