"""The services that the API offers to other programs."""

from asyncio import Semaphore
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from cronpp_app.clock import utc_now
from cronpp_app.services.accounts import Accounts
from cronpp_app.services.actions import Actions
from cronpp_app.services.administration import Administration
from cronpp_app.services.audit import Audit
from cronpp_app.services.bulk import BulkJobs
from cronpp_app.services.departures import Departures
from cronpp_app.services.idempotency import Idempotency
from cronpp_app.services.jobs import Jobs
from cronpp_app.services.metrics import Metrics
from cronpp_app.services.overview import Overviews
from cronpp_app.services.runs import Runs
from cronpp_app.services.secrets import Secrets
from cronpp_app.services.signing import Signing
from cronpp_app.services.tokens import Tokens
from cronpp_app.services.transfer import Transfer
from cronpp_app.services.versions import Versions

_LISTS_AT_ONCE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiServices:
    """The services that the API offers; `clock` tells the present moment.

    `lists` lets few long lists be read at a time: reading one takes milliseconds of the only
    thread there is, and a probe must not wait for a dozen of them.
    """

    accounts: Accounts
    departures: Departures
    audit: Audit
    administration: Administration
    tokens: Tokens
    signing: Signing
    secrets: Secrets
    jobs: Jobs
    versions: Versions
    bulk_jobs: BulkJobs
    actions: Actions
    transfer: Transfer
    runs: Runs
    overviews: Overviews
    metrics: Metrics
    idempotency: Idempotency
    clock: Callable[[], datetime] = utc_now
    lists: Semaphore = field(default_factory=partial(Semaphore, _LISTS_AT_ONCE))
