"""Versions out of ranges: podshift's own where it satisfies, and never one that does not."""

import pytest

from podshift.recognise.version import exact, within


@pytest.mark.parametrize(
    ("wanted", "version"),
    [
        (">=3.9", "3.13"), ("3", "3.13"), (">=3.9,<3.12", "3.11"), ("<=3.12", "3.12"), ("<3.12.4", "3.12"),
        ("~=3.10", "3.10"), ("==3.11.*", "3.11"), ("^3.10", "3.13"), ("~3.10", "3.10"), (">=3.14", "3.14"),
        (">3.8,!=3.9.1", "3.13"), ("3.11", "3.11"), (">=3.10,<4.0", "3.13"), ("<3.13,>=3.12.1", "3.12"), ("<4", "3.13"),
        ("*", None), ("", None), ("no version", None), (">=3.12,<3.10", None), ("9" * 500, None),
    ],
)  # fmt: skip
def test_a_range_of_two_numbers(wanted: str, version: str | None) -> None:
    assert within(wanted, "3.13") == version


@pytest.mark.parametrize(
    ("wanted", "version"),
    [
        (">=18", "24"), ("20.x", "20"), ("^20.1.0", "20"), (">=18 <21", "20"), ("18 || 20", "20"),
        ("18.0.0 - 20.9", "20"),
        ("~22.4", "22"), ("v20", "20"), ("20 || >=22", "24"), ("lts/*", None), (">=26", "26"),
    ],
)  # fmt: skip
def test_a_range_of_one_number(wanted: str, version: str | None) -> None:
    assert within(wanted, "24") == version


@pytest.mark.parametrize(
    ("text", "parts", "version"),
    [
        ("3.11.4\n", 2, "3.11"), ("python-3.11.4", 2, "3.11"), ("# why\n\nv20.1\n", 1, "20"),
        ("ruby-3.2.2", 3, "3.2.2"),
        ("lts/iron", 1, None), ("pypy3.10-7.3.12", 2, None), ("3.11.4.5", 3, None), ("", 2, None), (None, 2, None),
        ("3.1\nFROM x", 2, "3.1"), ("3.1; x", 2, "3.1"), ("system", 2, None),
    ],
)  # fmt: skip
def test_a_file_of_one_version(text: str | None, parts: int, version: str | None) -> None:
    assert exact(text, parts) == version
