"""Handing a message to the mail server that the settings name."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from email.message import EmailMessage

from quant_tui.config.settings import SmtpSettings
from quant_tui.domain.errors import MailNotSent
from quant_tui.services.sessions import KeepsSecrets

PASSWORD = "smtp_password"  # noqa: S105 -- the name of the secret
TIMEOUT_SECONDS = 15.0


class Mail:
    """Sends plain text by SMTP.

    Parameters
    ----------
    secrets
        Has the server's password under ``smtp_password``.
    """

    def __init__(self, settings: SmtpSettings, secrets: KeepsSecrets) -> None:
        self._settings = settings
        self._secrets = secrets

    @property
    def is_configured(self) -> bool:
        """Whether there is a server to hand messages to."""
        return bool(self._settings.host)

    async def send(self, to: str, subject: str, text: str) -> None:
        """Hand one message over.

        Raises
        ------
        MailNotSent
            The server cannot be reached, or does not take it; nothing was sent.
        """
        settings = self._settings
        message = EmailMessage()
        message["From"] = settings.sender or settings.user or f"quant-tui@{settings.host}"
        message["To"] = to
        message["Subject"] = subject
        message.set_content(text)
        password = (await self._secrets.get(PASSWORD) or "") if settings.user else ""
        try:
            await asyncio.to_thread(self._hand_over, message, password)
        except (smtplib.SMTPException, OSError) as error:
            raise MailNotSent(
                f"{settings.host}:{settings.port} did not take the message: {_reason(error)}.",
                hint="Check [smtp] in config.toml and the secret smtp_password.",
            ) from error

    def _hand_over(self, message: EmailMessage, password: str) -> None:
        settings = self._settings
        trusted = ssl.create_default_context()
        if settings.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                settings.host, settings.port, timeout=TIMEOUT_SECONDS, context=trusted
            )
        else:
            server = smtplib.SMTP(settings.host, settings.port, timeout=TIMEOUT_SECONDS)
        with server:
            if settings.security == "starttls":
                server.starttls(context=trusted)
            if settings.user:
                server.login(settings.user, password)
            server.send_message(message)


def _reason(error: Exception) -> str:
    """Return what the server said; its own words only, which hold no password."""
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        words = said.decode(errors="replace") if isinstance(said, bytes) else said
        return f"{error.smtp_code} {words}"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "it refuses the address"
    return (str(error) or type(error).__name__).rstrip(".")
