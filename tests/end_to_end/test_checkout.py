"""The checkout that is kept from one push to the next: quick, and never other than what was pushed."""

import secrets

from server import App, Checkout

# A step that no earlier run has left in the build's cache.
MEDDLER = (
    'RUN --mount=type=bind,rw,target=/context echo "meddled with" | tee /context/version.txt >/context/more.txt'
    f" # {secrets.token_hex(4)}\n"
)


def test_what_a_build_writes_into_its_context_is_not_in_the_next_one(app: App, checkout: Checkout) -> None:
    checkout.version("v1")
    checkout.push(app)
    containerfile = (checkout.folder / "Containerfile").read_text()
    tree = app.server.home / "apps" / app.name / "checkout" / "tree"
    assert (tree / "version.txt").read_text() == "v1\n"
    unchanged = (tree / "app.py").stat().st_ctime_ns

    app.server.podshift("allow", app.name, "build:unchecked")  # else such a mount is refused
    checkout.commit("Meddle", Containerfile=containerfile + MEDDLER)
    checkout.push(app)
    assert (tree / "app.py").stat().st_ctime_ns == unchanged
    assert (tree / "version.txt").read_text() == "meddled with\n"

    checkout.commit("Again", Containerfile=containerfile)
    assert "is live" in checkout.push(app).said
    assert app.get() == (200, "hello from v1\n")
    assert not (tree / "more.txt").exists()
    assert (tree / "version.txt").read_text() == "v1\n"
