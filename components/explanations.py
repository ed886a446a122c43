"""What an error means, and what to try: by its kind, and for statuses by their class."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple


class Explanation(NamedTuple):
    """What has happened, and what to do about it, in a sentence or two each."""

    means: str
    try_this: str


_KINDS: Final = {
    "dns": Explanation(
        "The host name could not be looked up.",
        "Check its spelling, and that the name still exists where the workers run.",
    ),
    "connect": Explanation(
        "Nobody took the connection: nothing listens there, or a firewall is in the way.",
        "Is the service up? Is the port right? Can the worker's machine reach it?",
    ),
    "tls": Explanation(
        "The encrypted connection failed before anything was sent.",
        "Look at the certificate: expired, for another host, or signed by someone unknown? "
        "It is not retried, because it will not fix itself within minutes.",
    ),
    "timeout": Explanation(
        "No complete answer came within the job's timeout.",
        "Make the target answer at once and do the work afterwards, or give the job longer. "
        "The target may well have done the work: let it check the Idempotency-Key.",
    ),
    "too_large": Explanation(
        "The answer was larger than Cron++ reads.",
        "Let the target answer with a short status, and keep the data elsewhere.",
    ),
    "blocked": Explanation(
        "This address is private or reserved, and jobs may not call it from here.",
        "Use a public address, or ask an administrator to allow it (CRONPP_EGRESS_ALLOW).",
    ),
    "protocol": Explanation(
        "What came back was not valid HTTP.",
        "Is this really an HTTP port? Check http:// against https://, and proxies in between.",
    ),
    "lost": Explanation(
        "The worker stopped before it could record a result; the request may have arrived.",
        "Nothing, usually: another worker tries again, with the same Idempotency-Key.",
    ),
    "internal": Explanation(
        "Cron++ could not make this request, or failed while making it.",
        "Read the message: a secret may be missing. If it names none, please report it.",
    ),
}
_STATUSES: Final = {
    301: Explanation(
        "The target has moved for good.",
        "Put the new address (see its Location header) into the job, or follow redirects.",
    ),
    400: Explanation(
        "The target did not understand the request.",
        "Compare body and headers with what it expects; the answer often names the field.",
    ),
    401: Explanation(
        "The target does not know who is calling.",
        "Check the Authorization header: a token may have expired or been replaced.",
    ),
    403: Explanation(
        "The target knows who is calling, and says no.",
        "Check what this token or address may do there.",
    ),
    404: Explanation(
        "There is nothing at this address.",
        "Check the path; it may have moved with the last deployment of the target.",
    ),
    405: Explanation(
        "The target does not accept this method here.",
        "Try another method; many hooks want POST.",
    ),
    410: Explanation(
        "The target is gone for good and asks not to be called again; the job was paused.",
        "Give the job another address and resume it, or delete it.",
    ),
    413: Explanation("The body is too large for the target.", "Send less, or in parts."),
    429: Explanation(
        "The target is called too often.",
        "Spread jobs over time (jitter), or raise the first wait between retries. "
        "Its Retry-After is honoured.",
    ),
    500: Explanation(
        "The target failed while it handled the request.",
        "Look into its logs at this time; the run's id is in the X-Cronpp-Run-Id header.",
    ),
    502: Explanation(
        "A proxy got no valid answer from the service behind it.",
        "Is that service starting, restarting, or overloaded?",
    ),
    503: Explanation(
        "The target is up but cannot serve now: overloaded, starting, or in maintenance.",
        "Usually it passes and a retry succeeds; if not, look at the target's capacity.",
    ),
    504: Explanation(
        "A proxy waited in vain for the service behind it.",
        "Make the service answer sooner, or the proxy wait longer.",
    ),
}
_CLASSES: Final = {
    1: Explanation(
        "The target answered with an interim status only.", "Report it to whoever runs the target."
    ),
    2: Explanation(
        "The target succeeded, with a status that this job does not count as success.",
        "Add it to the job's success statuses if it is one.",
    ),
    3: Explanation(
        "The target sends callers to another address, and this job does not follow.",
        "Call that address (see Location), or let the job follow redirects.",
    ),
    4: Explanation(
        "The target refuses the request as it is; sending it again will not help.",
        "Compare address, headers and body with what the target expects.",
    ),
    5: Explanation(
        "The target failed, through no fault of the request.",
        "Usually it passes and a retry succeeds; else look into the target's logs.",
    ),
}
_OTHERWISE: Final = Explanation("The attempt failed.", "Read the message and the stack trace.")


def explain(attempt: Mapping[str, Any]) -> Explanation:
    """Return what the error of `attempt` (the JSON of the public interface) means."""
    kind, response = attempt["error"]["kind"], attempt["response"]
    if kind != "status" or not response:
        return _KINDS.get(kind, _OTHERWISE)
    status = response["status"]
    return _STATUSES.get(status) or _CLASSES.get(status // 100, _OTHERWISE)
