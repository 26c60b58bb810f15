"""Days and months that a question names, in the ways in which people write them."""

from datetime import UTC, datetime

import pytest

from famulus.memory.dates import spans_of


@pytest.mark.parametrize("query", ["on 2024-05-03?", "on 3 May 2024", "the 3rd of may 2024", "May 3, 2024"])
def test_a_day_is_understood_with_a_little_slack(query: str) -> None:
    assert spans_of(query) == [(datetime(2024, 4, 30, tzinfo=UTC), datetime(2024, 5, 7, tzinfo=UTC))]


def test_a_month_is_a_month() -> None:
    assert spans_of("in December 2024") == [(datetime(2024, 12, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC))]


@pytest.mark.parametrize("query", ["", "31 February 2024", "9999-12-31", "0000-00-00", "in May", "2024"])
def test_what_is_no_day_is_none(query: str) -> None:
    assert spans_of(query) == []
