"""The look of all pages: style sheet, fonts, icons, colours, light and dark."""

import copy
import hashlib
import json
from functools import lru_cache
from pathlib import Path

from nicegui import Client, app, ui

STATIC = Path(__file__).parent / "static"
THEME_COOKIE = "cx_theme"
_SCRIPTS = (
    "time.js",
    "tables.js",
    "app.js",
    "history.js",
    "focus.js",
    "keys.js",
    "entrance.js",
    "forms.js",
)
_DARK = {"dark": True, "light": False}

# The scheme is known before the first pixel: no flash of the other one.
_EARLY = """<script>(() => {
  const chosen = /(?:^|; )cx_theme=(dark|light)/.exec(document.cookie)?.[1];
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.cxTheme = chosen ?? (dark ? "dark" : "light");
})()</script>"""


@lru_cache(maxsize=1)
def style_sheet() -> str:
    """Return all our CSS, in the order of the files' names."""
    files = sorted((STATIC / "css").glob("*.css"))
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


@lru_cache(maxsize=1)
def script() -> str:
    """Return all our JavaScript, the icons' paths and the rows' templates included."""
    icons = json.loads((STATIC / "icons" / "icons.json").read_text(encoding="utf-8"))
    templates = {file.stem: file.read_text(encoding="utf-8") for file in STATIC.glob("*.html")}
    parts = [f"window.cxIconPaths={json.dumps(icons, separators=(',', ':'))};"]
    parts.append(f"window.cxTemplates={json.dumps(dict(sorted(templates.items())))};")
    parts += [(STATIC / "js" / name).read_text(encoding="utf-8") for name in _SCRIPTS]
    return "\n".join(parts)


def _version(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def install_theme() -> None:
    """Give every page of this process our look."""
    ui.add_head_html(
        _EARLY
        + '<link rel="preload" href="/static/fonts/inter.woff2" as="font" type="font/woff2"'
        + " crossorigin>"
        + f'<link rel="stylesheet" href="/static/app.css?v={_version(style_sheet())}">'
        + f'<script defer src="/static/app.js?v={_version(script())}"></script>',
        shared=True,
    )
    if "cxInstall" not in app.config.vue_config_script:
        app.config.vue_config_script += "\ncxInstall(app);\n"
    # Its bar has no name that a screen reader could say, and nothing here takes that long.
    app.config.quasar_config["loadingBar"] = {"skipHijack": True}
    app.config.quasar_config["brand"] = {"primary": "#4f46e5", "negative": "#b91c1c"}


def theme_of(client: Client) -> str:
    """Return the theme that this browser asks for: "light", "dark" or "auto"."""
    chosen = client.request.cookies.get(THEME_COOKIE, "auto")
    return chosen if chosen in _DARK else "auto"


def apply_theme(client: Client) -> None:
    """Draw this client's page in the theme that its browser asks for."""
    # The page object is shared by all its visitors.
    client.page = copy.copy(client.page)
    client.page.dark = _DARK.get(theme_of(client))
