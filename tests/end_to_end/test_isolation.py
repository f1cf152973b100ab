"""Apps cannot reach each other, nor what podshift keeps to itself: tried from inside their containers."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from podshift.engine.firewall import JUMP, PASSED
from server import App, Checkout, Server
from server.engines import PROGRAM, subnet_of
from server.firewall import firewall, opened_between
from server.inside import address, inside, network, proxy_of, reach
from server.installation import ENGINE, created


@pytest.fixture(scope="module")
def pair(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, App]]:
    """Two apps that run; nothing is changed in them."""
    checkout = Checkout(tmp_path_factory.mktemp("pair") / "checkout")
    with created(server) as one, created(server) as other:
        for app in (one, other):
            assert checkout.push(app).code == 0
        yield one, other


def test_an_app_reaches_itself_and_no_other(pair: tuple[App, App]) -> None:
    one, other = pair
    assert reach(one, address(one), 8080).endswith("hello from v1")
    assert reach(one, one.name, 8080).endswith("hello from v1")
    assert reach(one, address(other), 8080) == "TimeoutError"
    assert reach(one, other.name, 8080) == "gaierror"


def test_the_proxy_is_no_way_to_another_app(pair: tuple[App, App]) -> None:
    """It answers HTTP by host, as it answers everybody, on its own address on this network, and nothing else."""
    one, other = pair
    (mine, others) = (f"{subnet_of(app.server, f'podshift-{app.name}').removesuffix('0/24')}251" for app in pair)
    assert reach(one, mine, 8080, name=other.host).endswith("hello from v1")
    assert reach(one, others, 8080) == "TimeoutError"
    assert reach(one, mine, 9999) == "ConnectionRefusedError"
    pid = one.server.engine("inspect", "--format={{.State.Pid}}", proxy_of(one.server)).strip()
    command = ["nsenter", f"--target={pid}", "--net", "cat", "/proc/sys/net/ipv4/ip_forward"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "0\n"


def test_the_end_of_an_app_opens_no_way_between_others(pair: tuple[App, App]) -> None:
    """netavark takes the jump to the rules of all isolated networks away with the first that it takes down."""
    one, other = pair
    with created(one.server):
        pass
    assert reach(one, address(other), 8080) == "TimeoutError"


@pytest.mark.skipif(ENGINE != "podman", reason="the firewall of this machine is root's podman's only")
@pytest.mark.parametrize("rule", [JUMP, PASSED])
def test_up_puts_a_rule_back(pair: tuple[App, App], rule: tuple[str, ...]) -> None:
    firewall("--delete", rule)
    pair[0].server.podshift("up", pair[0].name)
    firewall("--check", rule)


@pytest.mark.skipif(ENGINE != "podman", reason="the firewall of this machine is root's podman's only")
def test_doctor_tries_it(pair: tuple[App, App]) -> None:
    """Here a rule of the operator's own opens the way; a firewall that was emptied is in test_rootless.py."""
    (found,) = [each for each in pair[0].server.json("doctor") if each["check"] == "isolation"]
    assert (found["level"], found["found"]) == ("ok", "apps cannot reach each other")
    with opened_between(*pair):
        done = pair[0].server.podshift("doctor", check=False)
    assert done.returncode == 1
    assert "error   isolation: from" in done.stdout
    assert "the firewall lets through to" in done.stdout


@pytest.mark.skipif(ENGINE != "podman", reason="the firewall of this machine is root's podman's only")
def test_requests_to_an_app_do_not_pass_the_rules_of_all_others(pair: tuple[App, App]) -> None:
    """Where the kernel shows the firewall what stays on one bridge; else none of it is in anybody's way."""
    before = passed()
    for _ in range(20):
        assert pair[0].get()[0] == 200
    bridged = Path("/proc/sys/net/bridge/bridge-nf-call-iptables")
    if bridged.exists() and bridged.read_text().strip() == "1":
        assert passed() - before >= 20


def passed() -> int:
    """Packets that the rule has let pass so far."""
    listed = subprocess.run(
        ["iptables", "--wait", "5", "--list", "FORWARD", "--verbose", "--exact", "--numeric"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return sum(int(line.split()[0]) for line in listed.splitlines() if "ACCEPT" in line and "/* podshift */" in line)


def test_nothing_of_podshifts_is_in_a_container(pair: tuple[App, App]) -> None:
    one, _ = pair
    mounts = inside(one, "cat", "/proc/self/mountinfo")
    assert str(one.server.home) not in mounts
    assert inside(one, "sh", "-c", f"ls -d {one.server.home} /run/podshift /etc/podshift 2>/dev/null || echo none") == (
        "none"
    )
    (facts,) = json.loads(one.server.engine("inspect", *one.containers()))
    assert facts["Mounts"] == []


def test_a_container_has_few_of_roots_powers(pair: tuple[App, App]) -> None:
    """chown, dac_override, fowner, kill, setgid, setuid, net_bind_service; and no way to more."""
    said = inside(pair[0], "grep", "-E", "CapBnd|NoNewPrivs", "/proc/self/status").split()
    assert said == ["CapBnd:", f"{0x4EB:016x}", "NoNewPrivs:", "1"]


@pytest.mark.matrix
def test_an_ordinary_user_in_a_container_has_none_of_them(app: App, checkout: Checkout) -> None:
    """But to listen below 1024, which podman gives it and docker allows everybody anyway."""
    own = (checkout.folder / "Containerfile").read_text()
    checkout.commit("As somebody else", Containerfile=own.replace("CMD", "USER 10001\nCMD"))
    assert "is live" in checkout.push(app).said
    effective = int(inside(app, "grep", "CapEff", "/proc/1/status").split()[1], 16)
    assert effective in (0, 1 << 10)
    app.server.podshift("allow", app.name, "cap:NET_RAW")  # which the template drops otherwise
    app.server.podshift("restart", app.name)
    assert int(inside(app, "grep", "CapBnd", "/proc/1/status").split()[1], 16) == 0x4EB | 1 << 13


@pytest.mark.skipif(PROGRAM == "docker", reason="docker has always cut its networks off from each other")
@pytest.mark.matrix
def test_a_network_of_an_older_podshift_is_told_of_and_made_anew(server: Server, tmp_path: Path) -> None:
    """As `podshift create` made it before: without the option, and without the label that says so."""
    checkout = Checkout(tmp_path / "checkout")
    with created(server) as app, created(server) as other:
        checkout.push(other)
        name = proxy_of(server)
        subnet = network(app)["subnets"][0]["subnet"]
        labels = (f"--label=podshift.home={server.home}", f"--label=podshift.app={app.name}")
        server.engine("network", "disconnect", f"podshift-{app.name}", name)
        server.engine("network", "rm", f"podshift-{app.name}")
        server.engine("network", "create", *labels, f"--subnet={subnet}", f"podshift-{app.name}")
        server.engine("network", "connect", f"podshift-{app.name}", name)
        checkout.push(app)
        assert app.get()[0] == 200
        (found,) = [one for one in server.json("doctor") if one["check"] == "isolation"]
        assert found["level"] == "warning"
        for command in found["fix"].split("; "):
            server.podshift(*command.split()[1:])
        assert network(app)["options"] == {"isolate": "true"}
        assert network(app)["subnets"][0]["subnet"] == subnet
        assert app.get() == (200, "hello from v1\n")
        assert reach(other, address(app), 8080) == "TimeoutError"
        (found,) = [one for one in server.json("doctor") if one["check"] == "isolation"]
        assert found["found"] == "apps cannot reach each other"
