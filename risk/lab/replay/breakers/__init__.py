"""What breakers would have done over a history of prices, and how often for nothing.

The breakers of a policy are led through readings by the same pure functions as in a step, on a
plain book of the whole market (`book`). Which days were calm and which were crashes is said by the
market alone (`days`), and by definitions that were there before any result; `figures` sets the one
beside the other, and `prints` asks what one bad price would do.
"""
