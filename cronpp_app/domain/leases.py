"""How long a claim holds, and until when its holder may believe in it."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseTerms:
    """The lengths that govern claims; the same for all workers of a database."""

    length: timedelta = timedelta(seconds=15)
    renew_every: timedelta = timedelta(seconds=4)
    margin: timedelta = timedelta(seconds=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustWindow:
    """Until when, on its own monotonic clock, a worker may act on a claim.

    Counted from the start of the request that took or renewed the lease, never from its
    answer: the database may have granted it as early as that.
    """

    trusted_until: float

    def allows(self, monotonic_now: float) -> bool:
        """Return whether the lease is certainly still ours at `monotonic_now` (seconds)."""
        return monotonic_now < self.trusted_until


def trust_from(asked_at: float, terms: LeaseTerms) -> TrustWindow:
    """Return the trust window of a lease that was asked for at `asked_at` (monotonic seconds)."""
    return TrustWindow(trusted_until=asked_at + (terms.length - terms.margin).total_seconds())
