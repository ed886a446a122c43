"""What the policies of a job mean, in words."""

from components.words import counted, seconds
from cronpp_app.domain.backoff import Backoff, RetryPolicy
from cronpp_app.domain.jobs import CatchUp, HttpAction, MisfirePolicy, Overlap

_BACKOFFS = {
    Backoff.EXPONENTIAL: "doubling each time",
    Backoff.LINEAR: "growing by the same amount each time",
    Backoff.FIXED: "the same each time",
}
_OVERLAPS = {
    Overlap.SKIP: "If the previous run is still going, the new one is skipped",
    Overlap.QUEUE: "If the previous run is still going, one run waits for its end",
    Overlap.ALLOW: "Runs happen side by side, however many are under way",
}


def retry_words(policy: RetryPolicy) -> str:
    """Return what becomes of a run whose attempt fails."""
    if not policy.max_retries:
        return "Not tried again: one failed attempt, and the run has failed"
    times = f"Up to {counted(policy.max_retries, 'retry').replace('retrys', 'retries')}"
    first, longest = policy.base.total_seconds(), policy.max_delay.total_seconds()
    waits = f"first after {seconds(first)}, {_BACKOFFS[policy.backoff]}, at most {seconds(longest)}"
    spread = ", spread at random" if policy.jitter else ""
    if policy.window is None:
        return f"{times}: {waits}{spread}"
    window = seconds(policy.window.total_seconds())
    return f"{times}: {waits}{spread}; none begins later than {window} after the run was due"


def overlap_words(overlap: Overlap) -> str:
    """Return what becomes of a run that meets another of its job."""
    return _OVERLAPS[overlap]


def misfire_words(misfire: MisfirePolicy) -> str:
    """Return what becomes of times that nobody noticed in time."""
    late = f"Later than {seconds(misfire.grace.total_seconds())}"
    match misfire.policy:
        case CatchUp.SKIP:
            return f"{late}, a time is skipped"
        case CatchUp.LATEST:
            return f"{late}, only the latest of the missed times is run"
        case CatchUp.ALL:
            age = seconds(misfire.max_age.total_seconds())
            runs = counted(misfire.max_runs, "time")
            return f"{late}, every missed time is run, up to {runs} and {age} back"


def success_words(action: HttpAction) -> str:
    """Return which answers count as success, and how long is waited for one."""
    statuses = ", ".join(str(statuses) for statuses in action.success_statuses)
    redirects = "; redirects are followed" if action.follow_redirects else ""
    return f"{statuses} within {seconds(action.timeout.total_seconds())}{redirects}"
