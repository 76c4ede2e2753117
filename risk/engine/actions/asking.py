"""Whether whoever asks may, as actions ask it; the answer is the domain's, which logins need too."""

from risk.domain.actors import PROOF_LASTS, is_proven, require_all

__all__ = ["PROOF_LASTS", "is_proven", "require_all"]
