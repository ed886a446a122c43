"""The findings of a selftest in words."""

from collections.abc import Sequence

from cronpp_app.selftest.findings import Findings

_SHOWN = 5


def report(found: Findings, *, workers: int, seconds: float) -> str:
    """Return the report, line by line, with the verdict last."""
    lines = [
        "Cron++ selftest",
        f"  {workers} workers, {found.kills} of them killed on the way, {seconds:.0f} s in all",
        "",
        _line("fire times planned", found.planned),
        _line("runs in the ledger", found.fired),
        _line("lost", len(found.lost)),
        _line("given up after three kills", len(found.given_up)),
        _line("doubled", len(found.doubled)),
        _line("sent twice and marked as such", len(found.twice_marked)),
        _line("sent twice and NOT marked", len(found.twice_unmarked)),
        _line("broken rules of the ledger", len(found.violations)),
        "",
        f"  runs of killed workers finished after: {_recoveries(found.recoveries)}",
        f"  lateness of undisturbed runs:  {_percentiles(found.undisturbed_ms)}",
        f"  lateness of all runs:          {_percentiles(found.lateness_ms)}",
        "",
        *_examples(found),
        f"Verdict: {_verdict(found)}",
    ]
    return "\n".join(lines)


def _verdict(found: Findings) -> str:
    if found.passed:
        return "PASSED. Nothing was lost, nothing was doubled, every repetition was marked."
    if not found.calm:
        return "FAILED. The runs did not come to an end in time."
    return "FAILED. A promise was broken, see above."


def _line(name: str, number: int) -> str:
    return f"  {name:<32}{number:>8,}"


def _percentiles(sorted_ms: Sequence[int]) -> str:
    if not sorted_ms:
        return "none"
    points = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0)]
    last = len(sorted_ms) - 1
    return "  ".join(f"{name} {sorted_ms[round(last * part)]:,} ms" for name, part in points)


def _recoveries(seconds: Sequence[float]) -> str:
    if not seconds:
        return "no killed worker held any"
    middle = sorted(seconds)[len(seconds) // 2]
    return f"{middle:.1f} s (median), {max(seconds):.1f} s (longest)"


def _examples(found: Findings) -> list[str]:
    told = {
        "lost": found.lost,
        "doubled": found.doubled,
        "not marked": found.twice_unmarked,
        "broken rule": found.violations,
    }
    return [f"  {name}: {one}" for name, all_of in told.items() for one in all_of[:_SHOWN]]
