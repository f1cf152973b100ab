"""An operator's own run.args.j2: a good one counts, a bad one changes nothing."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from podshift.settings import shipped
from server import App, Checkout
from server.engines import BUILT, PROGRAM
from server.traces import of_release, traces

NAME = "run.args.j2"
SHIPPED = shipped("templates", NAME).read_text()


@pytest.fixture(params=["", "app"])
def template(app: App, request: pytest.FixtureRequest) -> Iterator[Path]:
    """Where an operator puts a template for all apps, or for one."""
    folder = app.server.home / "templates" / (app.name if request.param else "")
    folder.mkdir(exist_ok=True)
    yield folder / NAME
    if request.param:
        shutil.rmtree(folder)
    else:
        (folder / NAME).unlink(missing_ok=True)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("--env=WHO={{ nobody }}", "UndefinedError: 'nobody' is undefined"),
        ("{% if process.memory %}", "Unexpected end of template"),
        ("--nonsense=1", None),
    ],
    ids=["undefined", "syntax", "refused"],
)
@pytest.mark.parametrize("template", ["app"], indirect=True)
def test_a_bad_template_changes_nothing(
    app: App, checkout: Checkout, template: Path, line: str, complaint: str | None
) -> None:
    checkout.push(app)
    template.write_text(f"{SHIPPED}{line}\n")
    checkout.version("v2")
    pushed = checkout.push(app)
    if complaint:
        where = f"{template}, line {len(SHIPPED.splitlines()) + 1}: {complaint}"
        assert f"error: {where}" in pushed.said
        assert "start " not in pushed.said.partition(BUILT)[2]
        rendered = app.server.podshift("render", app.name, check=False)
        assert rendered.returncode == 1
        assert where in rendered.stderr
    else:
        assert f"{PROGRAM} run failed with status 125" in pushed.said
        assert "unknown flag: --nonsense" in pushed.said
    assert f"{app.name}: v1 (" in pushed.said
    assert traces(app) == of_release(app, 1)
    assert app.get() == (200, "hello from v1\n")
    assert app.states() == ["live", "failed"]


def test_a_good_template_counts(app: App, checkout: Checkout, template: Path) -> None:
    template.write_text(
        SHIPPED + "# a remark\n--env=GREETING=of {{ app }} v{{ release }}\n--label=team={{ process.name }}\n"
    )
    checkout.push(app)
    container = f"{app.name}-web-1-1"
    assert "GREETING" in app.get("/env")[1].split()
    inspected = app.server.engine("inspect", "--format={{.Config.Env}} {{.Config.Labels}}", container)
    assert f"GREETING=of {app.name} v1" in inspected
    assert "team:web" in inspected
    rendered = app.server.podshift("render", app.name).stdout.splitlines()
    assert f"--env=GREETING=of {app.name} v1" in rendered
    assert f"--name={container}" in rendered
    assert not any("remark" in line for line in rendered)


@pytest.mark.parametrize("template", [""], indirect=True)
def test_a_template_cannot_change_who_a_container_is(app: App, checkout: Checkout, template: Path) -> None:
    template.write_text(f"{SHIPPED}--name=somebody\n--label=podshift.app=somebody\n--label=podshift.home=/nowhere\n")
    checkout.push(app)
    assert traces(app) == of_release(app, 1)
    assert app.get() == (200, "hello from v1\n")


def test_one_apps_template_comes_before_the_one_for_all(app: App) -> None:
    for_all = app.server.home / "templates" / NAME
    for_one = app.server.home / "templates" / app.name / NAME
    for_one.parent.mkdir(exist_ok=True)
    try:
        for_all.write_text(f"{SHIPPED}--env=FOR=all\n")
        for_one.write_text(f"{SHIPPED}--env=FOR=one\n")
        rendered = app.server.podshift("render", app.name).stdout.splitlines()
    finally:
        for_all.unlink()
        shutil.rmtree(for_one.parent)
    assert "--env=FOR=one" in rendered
    assert "--env=FOR=all" not in rendered
