"""Years that are alike have the same dates on the same days of the week."""

from datetime import datetime

import pytest

from famulus.kit.years import ahead


@pytest.mark.parametrize("last", [9_998, 9_997, 9_994, 9_971])
def test_every_date_is_on_the_same_day_of_the_week_and_as_late_as_can_be(last: int) -> None:
    for year in range(1_901, 2_100):
        far = ahead(year, last=last)

        for month, day in ((1, 1), (3, 1), (12, 31)):
            date = datetime(year, month, day)  # noqa: DTZ001 -- a wall's
            like = date + far
            assert (like.month, like.day, like.weekday()) == (month, day, date.weekday())
            assert last - 28 < like.year <= last
