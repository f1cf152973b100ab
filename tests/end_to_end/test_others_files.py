"""Other people's files: app.json, a HEALTHCHECK, ignore files, CRLF, an ENTRYPOINT with a Procfile's command."""

import json

import pytest

from server import App, Checkout
from server.installation import PROGRAM

CHECKED = """\
FROM localhost/podshift-python
WORKDIR /app
COPY . .
HEALTHCHECK --interval=1s --timeout=2s CMD test -e /tmp/healthy
CMD ["sh", "-c", "(sleep 2; touch /tmp/healthy) & exec python3 app.py"]
"""


def app_json(content: str) -> str:
    check = {"type": "startup", "path": "/", "attempts": 2, "wait": 1, "timeout": 2, "content": content}
    scripts = {"predeploy": "echo before from $PODSHIFT_APP", "postdeploy": "echo after; exit 3"}
    return json.dumps({
        "formation": {"web": {"quantity": 2}}, "scripts": {"dokku": scripts}, "healthchecks": {"web": [check]},
    })  # fmt: skip


def test_an_app_json_is_honoured(app: App, checkout: Checkout) -> None:
    checkout.commit("Ask for another content", app_json=app_json("hello from v9"))
    said = checkout.push(app).said
    assert "before from" in said
    assert "its answer to GET / does not have 'hello from v9' in it" in said
    checkout.commit("Ask for what it says", app_json=app_json("hello from v1"))
    said = checkout.push(app).said
    assert f"predeploy before from {app.name}" in said
    assert "v2 takes all requests" in said
    assert "postdeploy after" in said
    assert "the postdeploy command failed" in said
    assert "v2 stays live" in said
    assert app.containers() == [f"{app.name}-web-2-1", f"{app.name}-web-2-2"]
    checkout.commit("Ask for nonsense", app_json='{"formation": {"web": {"quantity": "two"}}}')
    refused = checkout.push(app)
    assert refused.code
    assert 'app.json formation."web".quantity: must be a whole number from 1 to 50' in refused.said


def test_the_healthcheck_of_an_image_must_pass(app: App, checkout: Checkout) -> None:
    """Where systemd does not run it, podshift does."""
    checkout.commit("With a check", Containerfile=CHECKED)
    assert "v1 takes all requests" in checkout.push(app).said
    broken = CHECKED.replace("touch /tmp/healthy", "true")
    checkout.commit(
        "With one that fails", Containerfile=broken,
        podshift_toml='[web]\nport = 8080\nwatch = "0s"\nready = { timeout = "4s" }\n',
    )  # fmt: skip
    said = checkout.push(app).said
    assert "the HEALTHCHECK of its image does not pass" in said
    assert app.get() == (200, "hello from v1\n")


@pytest.mark.matrix
def test_the_healthcheck_of_a_base_image_must_pass(app: App, checkout: Checkout) -> None:
    base = f"localhost/podshift-test-checked:{app.name}"
    format_option = [] if PROGRAM == "docker" else ["--format=docker"]
    (checkout.folder / "Base").write_text("FROM localhost/podshift-python\nHEALTHCHECK CMD test -e /tmp/healthy\n")
    built = ("build", *format_option, f"--tag={base}", f"--file={checkout.folder / 'Base'}", str(checkout.folder))
    app.server.engine(*built)
    try:
        own = CHECKED.replace("localhost/podshift-python", base)
        own = "".join(line for line in own.splitlines(keepends=True) if "HEALTHCHECK" not in line)
        toml = '[web]\nport = 8080\nwatch = "0s"\nready = { timeout = "4s" }\n'
        checkout.commit("It passes", Containerfile=own, podshift_toml=toml)
        assert "v1 takes all requests" in checkout.push(app).said
        checkout.commit("It fails", Containerfile=own.replace("touch /tmp/healthy", "true"))
        assert "the HEALTHCHECK of its image does not pass" in checkout.push(app).said
        unwanted = own.replace("CMD", "HEALTHCHECK NONE\nCMD").replace("touch", "true")
        checkout.commit("It is not wanted", Containerfile=unwanted)
        assert "v3 takes all requests" in checkout.push(app).said
    finally:
        app.server.engine("rmi", "--force", base)


def test_ignore_files_crlf_and_entrypoints_are_as_their_authors_mean_them(app: App, checkout: Checkout) -> None:
    (checkout.folder / "secret.txt").write_text("not for the image")
    (checkout.folder / ".dockerignore").write_text("secret.txt\r\nbehaviour.txt\r\n")
    (checkout.folder / "Containerfile").write_bytes(
        b"FROM localhost/podshift-python\r\nWORKDIR /app\r\nCOPY . .\r\n"
        b'ENTRYPOINT ["env", "FROM_ENTRYPOINT=yes"]\r\nCMD ["python3", "app.py"]\r\n'
    )
    checkout.commit("Somebody else's")
    assert "v1 takes all requests" in checkout.push(app).said
    assert "FROM_ENTRYPOINT\n" in app.get("/env")[1]
    listed = app.server.podshift("exec", app.name, "--", "ls", "/app").stdout.split()
    assert "app.py" in listed
    assert "secret.txt" not in listed
    (checkout.folder / "Procfile").write_bytes(b"web: exec python3 app.py\r\n")
    checkout.commit("With a Procfile")
    assert "v2 takes all requests" in checkout.push(app).said
    assert "FROM_ENTRYPOINT\n" in app.get("/env")[1]
