"""From instants to calendar parts, in whole-number arithmetic that an ONNX graph repeats.

Instants are (N,) int64 microseconds since 1970 in UTC; the calendar is the Gregorian one, before its invention too.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PARTS = ("year", "month", "day", "weekday", "hour", "elapsed")

HOUR = 3_600_000_000
DAY = 24 * HOUR


def date_parts(instants: NDArray[np.int64]) -> dict[str, NDArray[np.float64]]:
    """Give each of `PARTS`: weekday 0 is Monday; `elapsed` is days since 1970 with their fraction.

    Source: Howard Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`.

    Examples:
        >>> {name: float(part[0]) for name, part in date_parts(np.array([-HOUR])).items()}["year"]
        1969.0
    """
    days = instants // DAY
    shifted = days + 719_468  # counted from 1 March of year 0, so that a leap day ends its year
    era = shifted // 146_097
    day_of_era = shifted - era * 146_097
    year_of_era = (day_of_era - day_of_era // 1_460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    march_month = (5 * day_of_year + 2) // 153
    month = np.where(march_month < 10, march_month + 3, march_month - 9)
    parts = {
        "year": year_of_era + era * 400 + (month <= 2),
        "month": month,
        "day": day_of_year - (153 * march_month + 2) // 5 + 1,
        "weekday": (days + 3) % 7,  # 1 January 1970 was a Thursday
        "hour": instants % DAY // HOUR,
        "elapsed": instants / DAY,
    }
    return {name: part.astype(np.float64) for name, part in parts.items()}
