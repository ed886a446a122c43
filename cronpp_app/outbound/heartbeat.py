"""The call of the operator's heartbeat URL."""

from datetime import timedelta
from ipaddress import ip_network
from typing import Final
from urllib.parse import urlsplit

import httpx

from cronpp_app.domain.jobs import HttpAction
from cronpp_app.outbound.caller import Caller
from cronpp_app.outbound.guard import EgressRules

TIMEOUT: Final = timedelta(seconds=5)
_EVERYWHERE: Final = (ip_network("0.0.0.0/0"), ip_network("::/0"))


class HeartbeatCall:
    """Calls one URL. It is the operator's own: private addresses and any port are allowed."""

    def __init__(
        self, url: str, *, user_agent: str, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._action = HttpAction(method="GET", url=url, timeout=TIMEOUT)
        self._caller = Caller(rules=_rules_for(url), user_agent=user_agent, transport=transport)

    async def __call__(self) -> str | None:
        """Call the URL once; return what went wrong, or None. Never raises, ends within 5 s."""
        result = await self._caller.call(self._action, extra_headers={})
        return result.error.message if result.error else None

    async def aclose(self) -> None:
        """Close its connections."""
        await self._caller.aclose()


def _rules_for(url: str) -> EgressRules:
    """Return rules that let this URL through; metadata services of clouds stay shut."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    hosts = frozenset({(parts.hostname or "").rstrip(".")})
    return EgressRules(networks=_EVERYWHERE, hosts=hosts, ports=frozenset({port}))
