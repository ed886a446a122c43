"""Until when a worker may believe in its lease."""

from datetime import timedelta

from cronpp_app.domain.leases import LeaseTerms, trust_from

TERMS = LeaseTerms(length=timedelta(seconds=15), margin=timedelta(seconds=2))


def test_trust_counts_from_the_asking_and_ends_before_the_lease() -> None:
    trust = trust_from(100.0, TERMS)
    assert trust.allows(112.9)
    assert not trust.allows(113.0)
