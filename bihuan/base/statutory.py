"""The statutory holidays of a year, before the State Council's notice for it is out.

Source: 全国年节及纪念日放假办法 (State Council order 795, in force 2025-01-01), art. 2: New Year
1 day; Spring Festival 4 (its eve to the 3rd day); Qingming, Dragon Boat, Mid-Autumn 1 each;
Labour Day 2; National Day 3. Art. 6: what falls on a weekend is made up on a working day; here
the next one. The notice also moves weekends together (调休): nobody can know that beforehand.
"""

from __future__ import annotations

from datetime import date, timedelta

NEW_YEAR, SPRING, QINGMING, LABOUR = "元旦", "春节", "清明节", "劳动节"
DRAGON_BOAT, MID_AUTUMN, NATIONAL = "端午节", "中秋节", "国庆节"
COMPENSATED = "补休"

# Month-day of the 1st of the first moon, of Qingming, of the 5th of the fifth moon and of the
# 15th of the eighth (GB/T 33661-2017). Three independent programs agree on every one of them:
# sxtwl 2.0.7, lunar_python 1.4.8, lunardate 0.3.0.
# fmt: off
LUNAR = {
    2027: ("02-06", "04-05", "06-09", "09-15"),
    2028: ("01-26", "04-04", "05-28", "10-03"),
    2029: ("02-13", "04-04", "06-16", "09-22"),
    2030: ("02-03", "04-05", "06-05", "09-12"),
    2031: ("01-23", "04-05", "06-24", "10-01"),
    2032: ("02-11", "04-04", "06-12", "09-19"),
    2033: ("01-31", "04-04", "06-01", "09-08"),
    2034: ("02-19", "04-05", "06-20", "09-27"),
    2035: ("02-08", "04-05", "06-10", "09-16"),
    2036: ("01-28", "04-04", "05-30", "10-04"),
    2037: ("02-15", "04-04", "06-18", "09-24"),
    2038: ("02-04", "04-05", "06-07", "09-13"),
    2039: ("01-24", "04-05", "05-27", "10-02"),
    2040: ("02-12", "04-04", "06-14", "09-20"),
    2041: ("02-01", "04-04", "06-03", "09-10"),
    2042: ("01-22", "04-04", "06-22", "09-28"),
    2043: ("02-10", "04-05", "06-11", "09-17"),
    2044: ("01-30", "04-04", "05-31", "10-05"),
    2045: ("02-17", "04-04", "06-19", "09-25"),
    2046: ("02-06", "04-04", "06-08", "09-15"),
    2047: ("01-26", "04-05", "05-29", "10-04"),
    2048: ("02-14", "04-04", "06-15", "09-22"),
    2049: ("02-02", "04-04", "06-04", "09-11"),
    2050: ("01-23", "04-04", "06-23", "09-30"),
    2051: ("02-11", "04-05", "06-13", "09-19"),
    2052: ("02-01", "04-04", "06-01", "09-07"),
    2053: ("02-19", "04-04", "06-20", "09-26"),
    2054: ("02-08", "04-04", "06-10", "09-16"),
    2055: ("01-28", "04-05", "05-30", "10-05"),
    2056: ("02-15", "04-04", "06-17", "09-24"),
    2057: ("02-04", "04-04", "06-06", "09-13"),
    2058: ("01-24", "04-04", "06-25", "10-02"),
    2059: ("02-12", "04-05", "06-14", "09-21"),
    2060: ("02-02", "04-04", "06-03", "09-09"),
}
# fmt: on


def statutory_days(year: int) -> dict[date, str]:
    """Return the days off by law and their names, weekends among them.

    Outside 2027-2060 only those of the solar calendar. Where two fall together, the first
    in the order of the year gives the name.
    """
    days = {date(year, 1, 1): NEW_YEAR}
    if year in LUNAR:
        spring, qingming, dragon_boat, _ = (_day(year, text) for text in LUNAR[year])
        days |= {spring + timedelta(n): SPRING for n in range(-1, 3)}
        days |= {qingming: QINGMING, dragon_boat: DRAGON_BOAT}
    days |= {date(year, 5, n): LABOUR for n in (1, 2)}
    days |= {date(year, 10, n): NATIONAL for n in (1, 2, 3)}
    if year in LUNAR:
        days.setdefault(_day(year, LUNAR[year][3]), MID_AUTUMN)
    return dict(sorted(days.items()))


def provisional_days(year: int) -> dict[date, str]:
    """Return the weekdays off, as far as the law alone tells, and their names.

    A day lost to a weekend, or to another holiday, is made up on the next working day.
    """
    days = statutory_days(year)
    off = {day: name for day, name in days.items() if day.weekday() < 5}
    lost = [(day, name) for day, name in days.items() if day.weekday() >= 5]
    if year in LUNAR and days[_day(year, LUNAR[year][3])] != MID_AUTUMN:
        lost.append((_day(year, LUNAR[year][3]), MID_AUTUMN))
    for day, name in sorted(lost):
        free = day
        while free.weekday() >= 5 or free in off:
            free += timedelta(1)
        off[free] = f"{name}{COMPENSATED}"
    return dict(sorted(off.items()))


def _day(year: int, text: str) -> date:
    return date.fromisoformat(f"{year}-{text}")
