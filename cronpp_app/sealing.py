"""Encryption of secrets at rest: AES-256-GCM, under keys derived from the installation's key.

Each purpose has a key of its own (HKDF, RFC 5869). What is sealed is bound to its place, the
document and field it belongs to: moved elsewhere, it cannot be opened.
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from cronpp_app.domain.secrets import Sealed
from cronpp_app.errors import CronppError

_NONCE_BYTES = 12  # SP 800-38D, 8.2.2: random nonces for at most 2**32 messages under one key


class CannotUnseal(CronppError):
    """A stored secret cannot be opened: it was moved, damaged, or its key is not known here."""


class UnknownKey(CannotUnseal):
    """The key that a secret was sealed with is not known here."""


def derive_key(secret_key: str, purpose: str, *, size: int = 32) -> bytes:
    """Return `size` bytes that only the installation's key and this purpose lead to."""
    info = f"cronpp {purpose}".encode()
    return HKDF(algorithm=SHA256(), length=size, salt=None, info=info).derive(secret_key.encode())


class KeyRing:
    """The keys that open what is stored; one of them, the current one, seals."""

    def __init__(self, secret_key: str) -> None:
        self._keys: dict[str, bytes] = {}
        self._ciphers: dict[str, AESGCM] = {}
        self.own_id = self.add(secret_key)
        self.current_id = self.own_id

    def add(self, secret_key: str) -> str:
        """Take in another key; return its id, which names it without telling it."""
        key_id = derive_key(secret_key, "key id", size=8).hex()
        self._take(key_id, derive_key(secret_key, "sealing"))
        return key_id

    def knows(self, key_id: str) -> bool:
        """Return whether the key with this id is at hand."""
        return key_id in self._keys

    def seal(self, text: str, *, place: str, key_id: str | None = None) -> Sealed:
        """Return `text` sealed for `place`, with the current key or the one named."""
        return self._seal(text.encode(), place, key_id or self.current_id)

    def unseal(self, sealed: Sealed, *, place: str) -> str:
        """Return the text; raise UnknownKey, or CannotUnseal if it was moved or damaged."""
        return self._unseal(sealed, place).decode()

    def wrap(self, key_id: str, *, by: str) -> Sealed:
        """Return the key `key_id` sealed by another one, for a change of keys."""
        return self._seal(self._keys[key_id], f"keys/{key_id}", by)

    def unwrap(self, key_id: str, wrapped: Sealed) -> None:
        """Take in the key `key_id`, sealed by one we have; raise CannotUnseal."""
        self._take(key_id, self._unseal(wrapped, f"keys/{key_id}"))

    def _take(self, key_id: str, key: bytes) -> None:
        self._keys[key_id], self._ciphers[key_id] = key, AESGCM(key)

    def _seal(self, data: bytes, place: str, key_id: str) -> Sealed:
        nonce = os.urandom(_NONCE_BYTES)
        ciphertext = self._ciphers[key_id].encrypt(nonce, data, place.encode())
        return Sealed(key_id=key_id, data=nonce + ciphertext)

    def _unseal(self, sealed: Sealed, place: str) -> bytes:
        cipher = self._ciphers.get(sealed.key_id)
        if cipher is None:
            raise UnknownKey(
                f"A stored secret was sealed with another key (id {sealed.key_id}) than this "
                "process has; set CRONPP_SECRET_KEY to the key of this installation."
            )
        nonce, ciphertext = sealed.data[:_NONCE_BYTES], sealed.data[_NONCE_BYTES:]
        try:
            return cipher.decrypt(nonce, ciphertext, place.encode())
        except (InvalidTag, ValueError) as error:
            raise CannotUnseal("A stored secret is damaged, or does not belong here.") from error
