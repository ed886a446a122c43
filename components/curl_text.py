"""A request as a command for the shell."""

import shlex
from collections.abc import Mapping
from typing import Any


def curl_text(request: Mapping[str, Any]) -> str:
    """Return `request` (as an attempt shows it) as a curl command; secrets stay masked."""
    parts = ["curl", "--include"]
    method = request["method"]
    if method == "HEAD":
        parts.append("--head")
    elif method != "GET" or request["body"]:
        parts += ["--request", method]
    lines = [shlex.join([*parts, request["url"]])]
    for name, value in request["headers"].items():
        # An empty value needs a semicolon, or curl leaves the header out.
        lines.append(shlex.join(["--header", f"{name}: {value}" if value else f"{name};"]))
    if request["body"]:
        # --data-raw, because --data would read a file for a body that begins with "@".
        lines.append(shlex.join(["--data-raw", request["body"]]))
    return " \\\n  ".join(lines)
