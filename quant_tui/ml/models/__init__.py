"""Types of model behind one protocol; each imports its library where it is first used."""
