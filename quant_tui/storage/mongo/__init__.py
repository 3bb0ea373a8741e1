"""MongoDB: the private server, the store, and the repositories of the data model.

The package itself imports nothing, so that :mod:`quant_tui.storage.mongo.server` can be
started in a thread while PyMongo is still being imported elsewhere.
"""
