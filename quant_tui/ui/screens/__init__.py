"""One module a workspace or page, its styles beside it."""
