"""What the rule language can call or name, one module a heading."""
