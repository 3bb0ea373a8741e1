"""Secrets: the system's keyring where there is one, else an encrypted file of our own."""
