"""Perform: carry out the action of a run once, with its owner's secrets, and keep none of them."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime

from cronpp_app.clock import utc_now
from cronpp_app.domain.attempts import AttemptError, AttemptResult, ErrorKind
from cronpp_app.domain.jobs import HttpAction
from cronpp_app.domain.masking import masked_result, masker_of
from cronpp_app.domain.runs import Run
from cronpp_app.engine.prepare import CannotSend, Preparing
from cronpp_app.engine.remembered import Remembered
from cronpp_app.outbound.caller import Caller, perform_log
from cronpp_app.outbound.signing import signature_headers, signing_key
from cronpp_app.sealing import CannotUnseal
from cronpp_app.store.signing import SigningStore

log = logging.getLogger("cronpp.worker")

# The keys that sign a person's calls, each with its end if it has one.
SigningKeys = tuple[tuple[bytes, datetime | None], ...]


class Performing:
    """Performs runs, signed with the secrets of their owners."""

    def __init__(self, caller: Caller, signing: SigningStore, preparing: Preparing) -> None:
        self._caller = caller
        self._signing = signing
        self._preparing = preparing
        self._signing_keys = Remembered(self._look_up_signing_keys)

    async def perform(self, run: Run, sent_at: datetime) -> AttemptResult:
        """Return the result of performing the action of `run` once, now, at `sent_at`.

        Of the secrets used in the call nothing is left in the result.
        """
        action = run.action
        if not isinstance(action, HttpAction):
            return perform_log(action)
        try:
            prepared = await self._preparing.prepared(run, action)
        except (CannotSend, CannotUnseal) as error:
            log.warning("attempt not sent", extra={"run_id": run.id, "reason": str(error)})
            return _not_sent(error)
        result = await self._caller.call(
            prepared.action,
            extra_headers=await self._extra_headers(run, prepared.action.body, sent_at),
            confidential=prepared.confidential,
        )
        if not prepared.secrets:
            return result
        return masked_result(result, masker_of(prepared.secrets))

    async def _extra_headers(self, run: Run, body: str | None, sent_at: datetime) -> dict[str, str]:
        known = await self._signing_keys.get(run.user_id) or ()
        keys = [key for key, until in known if until is None or until > sent_at]
        signature = signature_headers(keys, message_id=run.id, sent_at=sent_at, body=body)
        return call_headers(run) | signature

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


def _not_sent(error: CannotSend | CannotUnseal) -> AttemptResult:
    """Return the result of an attempt that could not be put together; another would fail too."""
    failure = AttemptError(kind=ErrorKind.INTERNAL, message=str(error))
    return AttemptResult(error=failure, maybe_sent=False)
