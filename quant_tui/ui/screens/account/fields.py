"""The fields that several forms of the account share, and what is checked as one types."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from quant_tui.ui.widgets.form import Check, Field


def username_field(value: str = "") -> Field:
    """Return the field of the username."""
    return Field("username", "Username", value, help_text="any script, no blanks")


def email_field(value: str = "") -> Field:
    """Return the field of the address."""
    return Field("email", "E-mail", value, help_text="where codes are sent")


def password_field(key: str = "password", label: str = "Password", help_text: str = "") -> Field:
    """Return a field that does not show what is typed."""
    return Field(key, label, password=True, help_text=help_text)


def new_password_fields(key: str) -> tuple[Field, Field]:
    """Return the fields of a new password, asked for twice."""
    return (
        password_field(key, "New password", "8 characters or more"),
        password_field("again", "The same again"),
    )


def names_check(values: dict[str, str]) -> Mapping[str, str]:
    """Check username and address."""
    from quant_tui.services.account_rules import email_problem, username_problem

    found = {
        "username": username_problem(values["username"]),
        "email": email_problem(values["email"]),
    }
    return {key: message for key, message in found.items() if message}


def password_check(key: str, names: Callable[[dict[str, str]], tuple[str, ...]]) -> Check:
    """Return the check of a new password.

    Parameters
    ----------
    key
        Field of the new password.
    names
        From the values to what the password may not be.
    """

    def check(values: dict[str, str]) -> Mapping[str, str]:
        from quant_tui.services.account_rules import password_problem

        found: dict[str, str] = {}
        if problem := password_problem(values[key], *names(values)):
            found[key] = problem
        elif values["again"] != values[key]:
            found["again"] = "The two passwords differ."
        return found

    return check
