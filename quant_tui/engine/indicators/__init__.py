"""Indicators: plain functions of one symbol's own bars, lifted to many symbols."""
