"""What screens and commands ask: services between the stores and the engine.

Services are asynchronous and return plain domain objects. :mod:`composition` builds
them all from the settings.
"""
