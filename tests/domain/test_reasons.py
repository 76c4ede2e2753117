"""Every reason code says what happened and what to do."""

import pytest

from risk.domain.decisions import ReasonCode
from risk.domain.reasons import REASONS
from risk.limits.types import LIMIT_TYPES


def test_each_code_is_explained_in_the_order_of_the_codes() -> None:
    assert list(REASONS) == list(ReasonCode)


@pytest.mark.parametrize("code", ReasonCode)
def test_an_explanation_is_a_sentence_and_so_is_the_advice(code: ReasonCode) -> None:
    for sentence in REASONS[code]:
        assert sentence[0].isupper()
        assert sentence.endswith(".")


def test_no_code_is_the_kind_of_a_limit() -> None:
    assert not {code.value for code in ReasonCode} & set(LIMIT_TYPES)
