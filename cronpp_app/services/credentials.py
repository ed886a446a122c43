"""What people sign up with: an e-mail address and a password that may protect its account."""

from typing import Final

from email_validator import EmailNotValidError, validate_email

from cronpp_app.errors import FieldError, InvalidInput
from cronpp_app.services.passwords import check_password

# RFC 5321, 4.5.3.1; longer texts would take the validator seconds.
_LONGEST: Final = 254


def normal_email(email: str) -> str | None:
    """Return the one form an e-mail address is stored in, None for what is no address."""
    if len(email) > _LONGEST:
        return None
    try:
        return validate_email(email, check_deliverability=False).normalized.lower()
    except (EmailNotValidError, UnicodeError):
        return None


def checked_signup(email: str, password: str) -> str:
    """Return the normalised address; raise InvalidInput naming all that is wrong."""
    problems: list[FieldError] = []
    address = normal_email(email)
    if address is None:
        problems.append(FieldError("email", "Must be an e-mail address, like name@example.org."))
    try:
        check_password(password, email=address or email)
    except InvalidInput as error:
        problems += error.errors
    if problems or address is None:
        raise InvalidInput(*problems)
    return address
