import time

import pytest

from podshift.report import ago, both_ends, columns, count, duration, printable, shorten, wrap


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain, naïve, 検索, 👩‍🚀", "plain, naïve, 検索, 👩‍🚀"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x9b2Jwiped", "wiped"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]52;c;unterminated", "\\x1b]52;c;unterminated"),
        ("\x9d\x90title\x9cafter", "\\x9dafter"),
        ("\x1b\x1b[31m[2Jstill", "\\x1b[2Jstill"),
        ("\x1bcreset \x1b(B", "reset "),
        ("bell\x07 back\x08 nul\x00 del\x7f", "bell\\x07 back\\x08 nul\\x00 del\\x7f"),
        ("a\u202eb\u2066c\u200bd\u2028e\U000e0041", "a\\u202eb\\u2066c\\u200bd\\u2028e\\U000e0041"),
        ("c1 \x85 \x9d", "c1 \\x85 \\x9d"),
        ("10%\r20%\r100%", "100%"),
        ("done\r\n".removesuffix("\n"), "done"),
        ("50%\r\x1b[K", "50%"),
        ("two\nlines", "two\\x0alines"),
        ("a\tb", "a       b"),
        (b"no utf-8 \xff".decode(errors="surrogateescape"), "no utf-8 \\udcff"),
    ],
)
def test_untrusted_text_cannot_steer_a_terminal(raw: str, shown: str) -> None:
    assert printable(raw) == shown
    assert printable(raw).encode()


def test_every_character_comes_out_harmless() -> None:
    harmless_invisibles = "\u200c\u200d"  # they join letters and emoji
    for point in range(0x3000):
        shown = printable(chr(point))
        assert all(c.isprintable() or c.isspace() or c in harmless_invisibles or ord(c) > 0x2FF for c in shown)
        assert not any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in shown)


def test_a_minified_file_in_one_line_is_cut() -> None:
    assert printable("x" * 5000) == "x" * 4095 + "…"
    assert len(printable("\x00" * 1_000_000)) == 4096


@pytest.mark.parametrize(
    "begins", ["\x9d", "\x90", "\x1b]", "\x1bP", "\x9b", "\x1b[", "\x9b0", "\x9d\x9b ", "\r", "\t"]
)
def test_many_sequences_without_an_end_take_no_longer_than_other_text(begins: str) -> None:
    before = time.process_time()
    assert len(printable(begins * (1_000_000 // len(begins)))) <= 4096
    assert time.process_time() - before < 5


def test_columns_counts_what_a_terminal_shows() -> None:
    assert (columns("abc"), columns("検索"), columns("e\u0301"), columns("━┄")) == (3, 4, 1, 2)


def test_shorten_keeps_within_the_columns() -> None:
    assert shorten("Faster search", 13) == "Faster search"
    assert shorten("Faster search", 8) == "Faster…"
    assert shorten("検索検索", 6) == "検索…"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("short", ["short"]),
        ("one two three four", ["one two", "three four"]),
        ("hello is live · 12 requests", ["hello is", "live · 12", "requests"]),
        ("is live · 12 failed", ["is live ·", "12 failed"]),
        ("see https://example.org/a/b now", ["see", "https://example.org/a/b", "now"]),
        ("https://example.org/a/b", ["https://example.org/a/b"]),
        ("  indented more", ["  indented", "more"]),
        ("検索検 索検索検", ["検索検", "索検索検"]),
    ],
)
def test_wrap_breaks_between_words_only(text: str, lines: list[str]) -> None:
    assert wrap(text, 10) == lines


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 ms"),
        (-0.1, "0 ms"),
        (0.0351, "35 ms"),
        (0.35, "350 ms"),
        (0.394, "390 ms"),
        (0.395, "0.4 s"),
        (0.42, "0.4 s"),
        (1.0, "1 s"),
        (1.234, "1.2 s"),
        (9.949, "9.9 s"),
        (9.95, "10 s"),
        (59.6, "1 min"),
        (65, "1 min 5 s"),
        (3599.7, "1 h"),
        (7800, "2 h 10 min"),
        (86399, "1 d"),
        (97200, "1 d 3 h"),
    ],
)
def test_a_duration_is_said_in_the_unit_that_reads_best(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-1, "just now"),
        (1.9, "just now"),
        (12.9, "12 s ago"),
        (60, "1 min ago"),
        (7300, "2 h ago"),
        (90000, "1 day ago"),
        (400000, "4 days ago"),
    ],
)
def test_ago(seconds: float, said: str) -> None:
    assert ago(seconds) == said


def test_count_knows_one_from_many() -> None:
    assert [count(n, "request") for n in (0, 1, 1204)] == ["0 requests", "1 request", "1,204 requests"]


def test_both_ends_of_what_a_program_printed() -> None:
    lines = [str(number) for number in range(8)]
    assert both_ends(lines, 2, 3) == ("0", "1", "(3 lines left out)", "5", "6", "7")
    assert both_ends(lines, 4, 3) == tuple(lines)  # a line for a line
    assert both_ends([], 2, 3) == ()
