"""What the bench makes of its numbers: medians, targets, the table."""

import json

from bench.pushcost import Pairs, PushCost
from bench.results import Measured, Results
from bench.rotations import Rotations
from bench.table import columns, markdown, table
from bench.throughput import Throughput

MACHINE = {"date": "2026-01-02", "cpus": "2 x Some CPU", "memory": "4 GiB", "engine": "podman version 4.3.1"}
NOTHING_LOST = {"GET": 0, "POST": 0, "slow": 0, "upload": 0, "stream": 0, "websocket": 0}


def rotations(*, failed: int = 0, requests: int = 200_000, number: int = 20, switch: float = 0.03) -> Rotations:
    lost = {**NOTHING_LOST, "POST": failed}
    reasons = {"status 502": failed} if failed else {}
    return Rotations(number, requests, lost, reasons, 0.010, 0.012, (switch,) * number, 17.0)


def measured(proxy: float, direct: float = 40_000, **options: int | float) -> Measured:
    through = Throughput((direct,) * 3, (proxy,) * 3)
    return Measured("a system", through, rotations(**options))  # type: ignore[arg-type]


def cost(*pairs: tuple[float, float], peak: float = 40.0) -> PushCost:
    apps = (1, 10, 50)
    rows = (Pairs(number, (ours,) * 7, (bare,) * 7) for number, (ours, bare) in zip(apps, pairs, strict=False))
    return PushCost(tuple(rows), peak)


def unmet(results: Results) -> list[str]:
    return [f"{target.name}: {target.found}" for target in results.targets if not target.met]


def test_all_targets_can_be_met() -> None:
    systems = {"podshift": measured(20_000), "alias": measured(8_000), "caddy": measured(9_000)}
    results = Results(MACHINE, systems, cost((1.2, 1.0), (1.2, 1.0), (1.25, 1.0)))
    assert len(results.targets) == 7
    assert unmet(results) == []


def test_each_target_can_be_missed() -> None:
    systems = {"podshift": measured(15_000, failed=1, switch=0.2), "caddy": measured(8_000)}
    results = Results(MACHINE, systems, cost((1.3, 1.0), (1.3, 1.0), (1.5, 1.0), peak=81))
    assert len(unmet(results)) == len(results.targets) == 7


def test_too_few_requests_or_rotations_prove_nothing() -> None:
    for few in ({"requests": 199_999}, {"number": 19}):
        results = Results(MACHINE, {"podshift": measured(20_000, **few)})
        assert any("0 failed of" in found for found in unmet(results))


def test_a_ratio_is_the_median_of_the_pairs_not_of_the_sums() -> None:
    assert Pairs(1, (1.0, 2.0, 9.0), (1.0, 1.0, 1.0)).ratio == 2.0


def test_a_share_compares_what_was_measured_together() -> None:
    through = Throughput(direct=(10_000, 40_000, 20_000), proxy=(5_000, 20_000, 10_000))
    assert through.share == 0.5
    assert through.per_second == 10_000


def test_the_table_says_what_was_lost_and_which_targets_are_met() -> None:
    systems = {"podshift": measured(20_000), "caddy": measured(8_000, failed=50)}
    text = table(Results(MACHINE, systems, cost((1.2, 1.0), (1.2, 1.0), (1.2, 1.0))))
    lost = next(line for line in text.splitlines() if "2.5" in line)
    assert lost.split()[:4] == ["a", "system", "0", "2.5"]  # 50 failed POSTs over 20 rotations
    assert "50 status 502" in text
    assert "met      requests/s: at least 2 x Caddy's: 2.5 x" in text


def test_json_has_the_numbers_and_the_targets() -> None:
    results = Results(MACHINE, {"podshift": measured(20_000)}, cost((1.2, 1.0), (1.2, 1.0), (1.2, 1.0)))
    values = json.loads(json.dumps(results.to_json()))
    assert values["systems"]["podshift"]["throughput"]["share_of_direct"] == 0.5
    assert values["push_cost"]["pairs"][0]["ratio"] == 1.2
    assert {target["met"] for target in values["targets"]} == {True}


def test_the_tables_for_the_readme_have_every_column() -> None:
    systems = {"podshift": measured(20_000), "caddy": measured(8_000, failed=50)}
    rows = markdown(Results(MACHINE, systems, cost((1.2, 1.0), (1.2, 1.0), (1.2, 1.0)))).splitlines()
    assert rows[2].count("|") == rows[3].count("|") == rows[4].count("|") == 14
    assert "| a system | 0 | 2.5 | 0 | 0 | 0 | 0 | 8,000 | 0.20 | 10 ms | 12 ms | 0.030 s | 17 MB |" in rows
    assert "| 50 | 1.20 s | 1.00 s | 1.20 |" in rows
    assert "| yes | requests/s: at least 2 x Caddy's | 2.5 x |" in rows


def test_columns_line_up() -> None:
    assert list(columns([("name", "n"), ("a", "100")])) == ["name    n", "a     100"]


def test_what_could_not_be_measured_is_said() -> None:
    results = Results(MACHINE, {"podshift": measured(20_000)}, errors={"caddy": "it did not start"})
    assert "error: caddy could not be measured: it did not start" in table(results)
