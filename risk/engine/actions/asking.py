"""Whether whoever asks may, as actions ask it: the domain answers, since logins ask it too."""

from risk.domain.actors import PROOF_LASTS, is_proven, require_all

__all__ = ["PROOF_LASTS", "is_proven", "require_all"]
