"""Alpha Vantage (https://www.alphavantage.co/documentation/).

``provider`` is the source itself; ``answers`` tells an answer from a failure, the other
modules say what the answers of one kind of data mean.
"""
