import itertools

import pytest

from podshift.report import WIDTH, Instants, columns, summary, timeline


def test_the_overlap_is_drawn_to_scale() -> None:
    at = Instants(
        begin=100,
        new_started=101,
        new_ready=102.2,
        switched=103.4,
        old_drained=103.8,
        old_stopped=103.9,
        end=105,
    )
    assert timeline(at, "v12", "v11") == [
        "v11 ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┄┄┄┄┄╸           drained 0.4 s, stopped",
        "v12          ┠┄┄┄┄┄┄┄┄┄━━━━━━━━━━━━━━━━━━━━━━━━❱  ready in 1.2 s",
    ]


def test_stop_first_shows_the_gap() -> None:
    at = Instants(begin=0, old_drained=0.4, old_stopped=1.0, new_started=1.1, new_ready=2.2, switched=2.21, end=2.3)
    assert timeline(at, "v10", "v9") == [
        "v9  ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄╸                          drained 0.4 s, stopped",
        "v10                      ┠┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄━━❱  ready in 1.1 s",
    ]


def test_a_first_deploy_has_one_line() -> None:
    at = Instants(begin=0, new_started=0.1, new_ready=2.2, switched=2.21, end=4.3)
    assert timeline(at, "v1") == ["v1  ┠┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄━━━━━━━━━━━━━━━━━━━━━❱  ready in 2.1 s"]


@pytest.mark.parametrize(
    ("drained", "stopped", "label"),
    [
        (2.4, 2.5, "drained 0.4 s, stopped"),
        (2.4, 12.4, "drained 0.4 s, stopped in 10 s"),
        (None, 32.0, "not drained in 30 s, stopped"),
        (2.4, None, "still running"),
        (None, None, "still running"),
    ],
)
def test_what_became_of_the_old_release(drained: float | None, stopped: float | None, label: str) -> None:
    at = Instants(0, 1, 2, 2, 40, old_drained=drained, old_stopped=stopped)
    old, _ = timeline(at, "v2", "v1")
    assert old.endswith(f"  {label}")
    assert ("╸" in old) == (stopped is not None)


def test_a_restart_draws_the_same_release_twice() -> None:
    assert len(timeline(Instants(0, 1, 2, 2, 4, 3, 3), "v7", "v7")) == 2


def test_any_measured_times_fit_and_stay_whole() -> None:
    moments = (0.0, 0.001, 1.0, 70.0, 4000.0)
    for times in itertools.combinations_with_replacement(moments, 6):
        started, ready, switched, drained, stopped, end = times
        for at in (
            Instants(0, started, ready, switched, end, drained, stopped),
            Instants(0, switched, drained, stopped, end, started, ready),
            Instants(0, started, ready, switched, end, None, stopped),
        ):
            old, new = timeline(at, "v12345", "v12344")
            assert max(columns(old), columns(new)) <= WIDTH
            assert (new.count("┠"), new.count("❱"), old.count("╸")) == (1, 1, 1)
            assert new.index("ready") == old.index("not" if "not" in old else "drained")


def test_summary_says_what_crossed_the_change() -> None:
    assert summary("hello", 12, "3f2a91c" + "0" * 33, "Faster search", requests=1204) == (
        'hello v12 (3f2a91c "Faster search") is live · 1,204 requests crossed the change, 0 failed'
    )
    assert summary("hello", 1, "3f2a91c", "") == "hello v1 (3f2a91c) is live"
    assert summary("hello", 2, "3f2a91c", "x", requests=1, failed=1).endswith(
        "· 1 request crossed the change, 1 failed"
    )


@pytest.mark.parametrize("subject", ["x" * 300, "検索" * 80, "\x1b[2J\u202e" + "y" * 90, "a\nsuccess: b" * 20])
@pytest.mark.parametrize("app", ["a", "a" * 40])
def test_an_untrusted_subject_neither_widens_nor_steers(subject: str, app: str) -> None:
    text = summary(app, 123, "3f2a91c", subject, requests=1)
    first = f"success: {text.rpartition(' ·')[0]} ·"
    assert columns(first) <= max(WIDTH, columns(f"success: {app} v123 (3f2a91c) is live ·"))
    assert not set(text) & {"\n", "\x1b", "\u202e"}
