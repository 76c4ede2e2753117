"""By whose word changes hold in tests that are not about that."""

from risk.domain.actions import Sanction

#: Another person's than any author's.
AGREED = Sanction(proposal=1, approved_by="olga")
