"""The secrets in jobs: sealed before they are stored, and what they refer to looked up."""

from collections.abc import Mapping
from dataclasses import replace

from cronpp_app.domain.jobs import HttpAction, JobDefinition
from cronpp_app.domain.references import filled, is_only_a_reference, names_in, secret_names
from cronpp_app.domain.secrets import Sealed, mask, place_of_header
from cronpp_app.errors import FieldError, InvalidInput
from cronpp_app.services.accounts import User
from cronpp_app.services.drafts import CheckTarget
from cronpp_app.services.masks import is_secret
from cronpp_app.store.keys import Keys
from cronpp_app.store.secrets import SecretStore


class JobSecrets:
    """Seals and opens the secret headers of jobs, and knows the secrets that jobs refer to."""

    def __init__(
        self, store: SecretStore, keys: Keys, *, check_target: CheckTarget | None = None
    ) -> None:
        """Use `check_target` to refuse URLs (raises ValueError)."""
        self._store = store
        self._keys = keys
        self.check_target = check_target

    async def sealed(self, definition: JobDefinition, *, job_id: str) -> JobDefinition:
        """Return `definition` as it is stored for the job: secret headers sealed, masks shown."""
        action = definition.action
        if not isinstance(action, HttpAction):
            return definition
        headers, sealed = dict(action.headers), dict(action.sealed)
        for name, value in action.headers.items():
            if name in sealed or not is_secret(action, name) or is_only_a_reference(value):
                continue
            headers[name] = mask(value)
            made = await self._keys.seal(value, place=place_of_header(job_id, name))
            sealed[name] = replace(made, names=names_in(value))
        return replace(definition, action=replace(action, headers=headers, sealed=sealed))

    async def opened(self, definition: JobDefinition, *, job_id: str) -> JobDefinition:
        """Return the `definition` of the job with its headers in clear, to be sealed elsewhere."""
        action = definition.action
        if not isinstance(action, HttpAction) or not action.sealed:
            return definition
        opened = {
            name: await self._open(job_id, name, sealed) for name, sealed in action.sealed.items()
        }
        action = replace(action, headers={**action.headers, **opened}, sealed={})
        return replace(definition, action=action)

    async def check(self, user: User, definition: JobDefinition) -> None:
        """Raise InvalidInput if `definition` refers to an unknown secret, or may not be called."""
        action = definition.action
        if not isinstance(action, HttpAction):
            return
        names = secret_names(action)
        values = await self._store.values([(user.id, name) for name in names]) if names else {}
        known = {name: value for (_, name), value in values.items()}
        if problems := _unknown(action, known):
            raise InvalidInput(*problems)
        self._check_url(action, known)

    def _check_url(self, action: HttpAction, values: Mapping[str, str]) -> None:
        """Judge the URL with its secrets filled in; an error does not tell them."""
        if self.check_target is None:
            return
        try:
            self.check_target(filled(action.url, values))
        except ValueError as error:
            told = "With its secrets filled in, this is not a URL that may be called."
            message = told if names_in(action.url) else str(error)
            raise InvalidInput(FieldError("action.url", message)) from None

    async def _open(self, job_id: str, name: str, sealed: Sealed) -> str:
        return await self._keys.unseal(sealed, place=place_of_header(job_id, name))


def _unknown(action: HttpAction, known: Mapping[str, str]) -> list[FieldError]:
    texts = {"action.url": action.url, "action.body": action.body or ""}
    texts |= {f"action.headers.{name}": value for name, value in action.headers.items()}
    return [
        FieldError(
            field,
            f"There is no secret {name}; create it under Settings, or with POST /api/secrets.",
        )
        for field, text in texts.items()
        for name in names_in(text)
        if name not in known
    ]
