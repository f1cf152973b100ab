"""Layers in the engine's cache that only builds with the same secrets find."""

from podshift.manifest.ownlayers import with_own_layers

STEP = "RUN --mount=type=secret,id=T \\\n  true\n"
TEXT = f"ARG A=1\nFROM a AS b\n# a comment\n{STEP}FROM scratch\nCOPY --from=b /x /\n"


def test_after_each_from() -> None:
    own = with_own_layers(TEXT, "app", {"T": "secret"})
    (line,) = {one for one in own.splitlines() if one.startswith("ARG PODSHIFT_LAYERS=")}
    assert own == TEXT.replace("# a comment\n", f"# a comment\n{line}\n").replace("COPY", f"{line}\nCOPY")
    assert "secret" not in line
    others = [("app", {"T": "other"}), ("other", {"T": "secret"}), ("app", {"T": "secret", "U": ""})]
    assert all(line not in with_own_layers(TEXT, app, secrets) for app, secrets in others)


def test_not_where_there_is_no_secret() -> None:
    assert with_own_layers("FROM a\nRUN true\n", "app", {"T": "secret"}) == "FROM a\nRUN true\n"
