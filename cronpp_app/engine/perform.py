"""Perform: carry out the action of a run once, signed with its owner's secret."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import assert_never

from cronpp_app.clock import utc_now
from cronpp_app.domain.attempts import AttemptResult
from cronpp_app.domain.jobs import HttpAction, LogAction
from cronpp_app.domain.runs import Run
from cronpp_app.engine.remembered import Remembered
from cronpp_app.outbound.caller import Caller, perform_log
from cronpp_app.outbound.signing import signature_headers, signing_key
from cronpp_app.store.signing import SigningStore

# The keys that sign a person's calls, each with its end if it has one.
SigningKeys = tuple[tuple[bytes, datetime | None], ...]


class Performing:
    """Performs runs; knows the secrets of their owners."""

    def __init__(self, caller: Caller, signing: SigningStore) -> None:
        self._caller = caller
        self._signing = signing
        self._signing_keys = Remembered(self._look_up_signing_keys)

    async def perform(self, run: Run, sent_at: datetime) -> AttemptResult:
        """Return the result of performing the action of `run` once, now, at `sent_at`."""
        match run.action:
            case HttpAction():
                return await self._call(run, run.action, sent_at)
            case LogAction():
                return perform_log(run.action)
            case _:
                assert_never(run.action)

    async def _call(self, run: Run, action: HttpAction, sent_at: datetime) -> AttemptResult:
        keys = await self._signing_keys.get(run.user_id) or ()
        signing = [key for key, until in keys if until is None or until > sent_at]
        signature = signature_headers(signing, message_id=run.id, sent_at=sent_at, body=action.body)
        return await self._caller.call(action, extra_headers=call_headers(run) | signature)

    async def _look_up_signing_keys(self, user_ids: Sequence[str]) -> Mapping[str, SigningKeys]:
        found = await self._signing.of(user_ids, now=utc_now())
        return {
            user_id: tuple((signing_key(one.secret), one.until) for one in secrets)
            for user_id, secrets in found.items()
        }


def call_headers(run: Run) -> dict[str, str]:
    """Return the headers that tell a target which run this is.

    The key is the same for all attempts of a run, so that a target can tell a repetition.
    """
    headers = {
        "X-Cronpp-Job-Id": run.job_id,
        "X-Cronpp-Run-Id": run.id,
        "X-Cronpp-Attempt": str(run.attempt_count),
        "X-Cronpp-Fire-Time": run.fire_time.isoformat(timespec="milliseconds").replace(
            "+00:00", "Z"
        ),
        "Idempotency-Key": run.id,
    }
    if run.possible_duplicate:
        headers["X-Cronpp-Possible-Duplicate"] = "1"
    return headers
