"""Which usernames, addresses and passwords can be used; each rule in words for its field."""

from __future__ import annotations

import getpass
import re
import unicodedata

from quant_tui.domain.user import folded

LONGEST_USERNAME = 64
LONGEST_EMAIL = 254
"""Characters of an address that fits into SMTP's path (RFC 5321, section 4.5.3.1.3)."""

SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 256
"""Characters; NIST SP 800-63B, section 5.1.1.2, asks for at least 8, and to take 64."""

MIXED_SCRIPTS = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE"})
"""Scripts whose letters look alike: a name of more than one is made to deceive."""


def clean_username(username: str) -> str:
    """Return a username as it is stored: composed, without blanks around it."""
    return unicodedata.normalize("NFC", username.strip())


def clean_email(email: str) -> str:
    """Return an address as it is stored and compared."""
    return folded(email.strip())


def clean_password(password: str) -> str:
    """Return a password in one form, however a keyboard composed it (RFC 8265, section 4.2)."""
    return unicodedata.normalize("NFC", password)


def username_problem(username: str) -> str:
    """Say why a username cannot be used; "" when it can.

    Letters with their marks, digits, ``_``, ``.`` and ``-``, any script, 1 to 64.
    """
    name = clean_username(username)
    if not name:
        return "Give your name."
    if len(name) > LONGEST_USERNAME:
        return f"The name is longer than {LONGEST_USERNAME} characters. Shorten it."
    if not (_usable(name) and _usable(folded(name))):
        return (
            f"The name {name!r} cannot be used. "
            "Use letters, digits, '_', '.' and '-', without blanks."
        )
    scripts = {unicodedata.name(c, "").partition(" ")[0] for c in name} & MIXED_SCRIPTS
    if len(scripts) > 1:
        mixed = " and ".join(sorted(one.capitalize() for one in scripts))
        return f"The name mixes {mixed} letters, which look alike. Use those of one script."
    return ""


def email_problem(email: str) -> str:
    """Say why an address cannot be used; "" when it can."""
    address = clean_email(email)
    if not address:
        return "Give your address."
    if len(address) > LONGEST_EMAIL:
        return f"The address is longer than {LONGEST_EMAIL} characters."
    local, at, domain = address.rpartition("@")
    whole = all(c.isprintable() and not c.isspace() and c not in '<>()[]\\,;:"' for c in address)
    labels = domain.split(".")
    if not (local and at and whole and "@" not in local and all(map(_is_label, labels))):
        return "It looks like kim@example.org."
    return ""


def password_problem(password: str, *names: str) -> str:
    """Say why a password cannot be used; "" when it can.

    Parameters
    ----------
    names
        Username and address of the account, which the password may not be.
    """
    text = clean_password(password)
    if len(text) < SHORTEST_PASSWORD:
        return f"At least {SHORTEST_PASSWORD} characters."
    if len(text) > LONGEST_PASSWORD:
        return f"At most {LONGEST_PASSWORD} characters."
    if len(set(folded(text))) < 3:
        return "Too few different characters."
    known = {folded(name) for name in names} | {folded(name).partition("@")[0] for name in names}
    if folded(text) in known or folded(text)[::-1] in known:
        return "It may not be name or address."
    return ""


def suggested_username() -> str:
    """Return the name of the person at this machine, made fit for a username."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):
        name = "trader"
    cleaned = re.sub(r"[^\w.-]+", "_", name).strip("_.-")
    return cleaned[:LONGEST_USERNAME] or "trader"


def _usable(name: str) -> bool:
    """Whether a username can be told from a path and an address, in any script."""
    letters = [c for c in name if c not in "_.-" and unicodedata.category(c)[0] != "M"]
    return (name[0].isalnum() or name[0] == "_") and all(c.isalnum() for c in letters)


def _is_label(label: str) -> bool:
    return bool(label) and all(c.isalnum() or c == "-" for c in label) and "-" not in (
        label[0], label[-1]
    )  # fmt: skip
