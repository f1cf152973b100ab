"""Numbers as people say them."""

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def duration(seconds: float) -> str:
    """Seconds in the unit that reads best: `35 ms`, `350 ms`, `0.4 s`, `12 s`, `1 min 5 s`, `2 h 10 min`."""
    milliseconds = max(0, round(seconds * 1000))
    if milliseconds < 395:  # below, a tenth of a second would be a rough figure
        return f"{milliseconds if milliseconds < 100 else round(milliseconds, -1)} ms"
    if milliseconds < 9950:
        return f"{round(milliseconds / 1000, 1):g} s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return _two(whole, _MINUTE, "min", 1, "s")
    whole = round(seconds / _MINUTE) * _MINUTE
    return _two(whole, _HOUR, "h", _MINUTE, "min") if whole < _DAY else _two(whole, _DAY, "d", _HOUR, "h")


def _two(seconds: int, large: int, large_name: str, small: int, small_name: str) -> str:
    rest = seconds % large // small
    return f"{seconds // large} {large_name}" + (f" {rest} {small_name}" if rest else "")


def ago(seconds: float) -> str:
    """How long since, in one unit, rounded down: `just now`, `12 s ago`, `3 min ago`, `4 days ago`."""
    whole = int(seconds)
    if whole < 2:
        return "just now"
    if whole < _MINUTE:
        return f"{whole} s ago"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min ago"
    return f"{whole // _HOUR} h ago" if whole < _DAY else f"{count(whole // _DAY, 'day')} ago"


def count(number: int, noun: str) -> str:
    """`1 request`, `1,204 requests`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
