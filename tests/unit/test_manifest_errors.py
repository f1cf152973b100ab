"""What a person reads who pushed a bad podshift.toml."""

import pytest

from podshift.errors import PodshiftError
from podshift.manifest import parse_manifest


def refused(toml_text: str | None, procfile_text: str | None = None) -> PodshiftError:
    with pytest.raises(PodshiftError) as caught:
        parse_manifest(toml_text, procfile_text)
    return caught.value


def test_every_error_at_once_with_its_key() -> None:
    error = refused('[web]\nport = "abc"\nredy = 1\n[process.worker]\ncommand = "w"\norder = "rolling"\n')
    assert error.lines() == [
        '  web.port: must be a whole number from 1 to 65535, not "abc"',
        '  web.redy: unknown key; did you mean "ready"?',
        '  process.worker.order: must be "start-first" or "stop-first", not "rolling"',
        "error: podshift.toml has 3 errors",
        "hint: correct podshift.toml, commit, and push again",
    ]


A_TIME = 'must be a time such as "500ms", "30s" or "2m", at most 3600 seconds, not '
A_SIZE = 'must be a size such as "512m" or "1g", from "4m" to "9999g", not '
CODES = 'must be HTTP status codes such as "200-299" or "200,204,300-399", not '
A_SHARE = 'must be a share such as "10%" or 0.1, at most "100%", not '
A_COMMAND = 'must be a command such as ["python", "app.py"] or "python app.py", not '
ONE_LINE = "must be one line without control characters, not "
A_URL = "must be a path that starts with / and has only letters, digits, -._~/?&=+:@ and %20 and the like, not "
A_MOUNT = 'must be an absolute path such as "/var/lib/app", of letters, digits and ._/@+- and without .., not '


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("port = 0", "port: must be a whole number from 1 to 65535, not 0"),
        ("port = true", "port: must be a whole number from 1 to 65535, not true"),
        (f"port = 0x{'f' * 9000}", "port: must be a whole number from 1 to 65535, not a huge number"),
        ("replicas = 0", "replicas: must be a whole number from 1 to 50, not 0"),
        ("replicas = 2.0", "replicas: must be a whole number from 1 to 50, not 2.0"),
        ("cpus = 0", "cpus: must be a number from 0.01 to 1024, not 0"),
        ("cpus = nan", "cpus: must be a number from 0.01 to 1024, not nan"),
        ('drain = "30"', f'drain: {A_TIME}"30"'),
        ('drain = "-1s"', f'drain: {A_TIME}"-1s"'),
        ('drain = "61m"', f'drain: {A_TIME}"61m"'),
        ("stop = inf", f"stop: {A_TIME}inf"),
        ("stop = -1", f"stop: {A_TIME}-1"),
        ("watch = 2024-01-01", f"watch: {A_TIME}2024-01-01"),
        ("hold = []", f"hold: {A_TIME}an empty list"),
        ('memory = "3m"', f'memory: {A_SIZE}"3m"'),
        ('memory = "512MB"', f'memory: {A_SIZE}"512MB"'),
        ("memory = 512", f"memory: {A_SIZE}512"),
        ("max_errors = 10", f"max_errors: {A_SHARE}10"),
        ('max_errors = "101%"', f'max_errors: {A_SHARE}"101%"'),
        ('ready = "/up"', 'ready: must be a table, not "/up"'),
        ('ready = { statis = "200" }', 'ready.statis: unknown key; did you mean "status"?'),
        ('ready.status = "299-200"', f'ready.status: {CODES}"299-200"'),
        ('ready.status = "200,"', f'ready.status: {CODES}"200,"'),
        ("ready.status = 99", f"ready.status: {CODES}99"),
        ('ready.path = "up"', f'ready.path: {A_URL}"up"'),
        ('ready.path = "/%[env(HOME)]"', f'ready.path: {A_URL}"/%[env(HOME)]"'),
        ('ready.path = "/;disable"', f'ready.path: {A_URL}"/;disable"'),
        ("ready.path = '/\"'", f'ready.path: {A_URL}"/""'),
        ("command = []", f"command: {A_COMMAND}an empty list"),
        ('command = " "', f'command: {A_COMMAND}" "'),
        ('command = ["a", 1]', "command: must be a string, not 1"),
        ('command = ["a", "b\\nc"]', f'command: {ONE_LINE}"b\\nc"'),
        ('command = "a\\u0000"', f'command: {ONE_LINE}"a\\x00"'),
        ('command = "a\\u2028"', f'command: {ONE_LINE}"a\\u2028"'),
        ('volumes = { a = "/" }', f'volumes.a: {A_MOUNT}"/"'),
        ('volumes = { a = "data" }', f'volumes.a: {A_MOUNT}"data"'),
        ('volumes = { a = "/a/../b" }', f'volumes.a: {A_MOUNT}"/a/../b"'),
        ('volumes = { a = "/a:ro" }', f'volumes.a: {A_MOUNT}"/a:ro"'),
        ('volumes = { a = "/a,b" }', f'volumes.a: {A_MOUNT}"/a,b"'),
        ('volumes = { a = "/d", b = "/d/" }', 'volumes.b: is on "/d" as well as "a"'),
        (
            'volumes = { "../a" = "/a" }',
            'volumes."../a": is no good name; use 1 to 40 lowercase letters, digits, _ and -, a letter or digit first',
        ),
    ],
)
def test_a_bad_value_of_web(line: str, error: str) -> None:
    assert refused(f"[web]\n{line}").details == (f"web.{error}",)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('[build]\ncontext = "/x"', 'build.context: must be a relative path inside the repository, not "/x"'),
        (
            '[build]\ncontext = "./-x"',
            'build.context: must be a relative path inside the repository, not "./-x"',
        ),
        ('[build]\ncontext = ""', 'build.context: must be a relative path inside the repository, not ""'),
        (
            '[build]\ncontainerfile = "."',
            'build.containerfile: must be the path of a file inside the repository, not "."',
        ),
        ('[build]\ntarget = "--squash"', 'build.target: must be the name of a build stage, not "--squash"'),
        (
            '[build]\nargs = { "A=B" = "1" }',
            'build.args."A=B": is no good name; use letters, digits and _, no digit first',
        ),
        ("[build]\nargs = { A = 1 }", "build.args.A: must be a string, not 1"),
        ("release = 1", "release: must be a table, not 1"),
        ("port = 80", 'port: unknown key; did you mean "web.port"?'),
        ("links = 1", 'links: must be a list of names of apps such as ["api"], not 1'),
        (
            'links = ["api", "Bad_"]',
            'links: must be a list of names of apps such as ["api"], and "Bad_" is no such name',
        ),
        ("links = [1]", 'links: must be a list of names of apps such as ["api"], and 1 is no such name'),
        ("[wed]", 'wed: unknown key; did you mean "web"?'),
        ("[cron]", "cron: unknown key; known are build, release, web, process, links"),
        ("[process.worker]", "process.worker.command: is missing; say here or in a Procfile what to run"),
        ('[process.w]\ncommand = "w"\nport = 1', 'process.w.port: unknown key; only [web] has "port"'),
        (
            '[process.w]\ncommand = "w"\nready.path = "/"',
            "process.w.ready.path: only [web] is asked over HTTP; here timeout is all",
        ),
        ("[process.web]", "process.web: belongs in [web]"),
        ("[process.release]", "process.release: belongs in [release]"),
        ('[process.run]\ncommand = "x"', "process.run: is no good name; what `podshift run` starts has it"),
        (
            '[process."A\\u001b[31m"]',
            'process."A\\x1b[31m": is no good name; use 1 to 30 lowercase letters, digits and hyphens, a letter first',
        ),
    ],
)
def test_a_bad_document(text: str, error: str) -> None:
    assert refused(text).details == (error,)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("[web]\r\nport = 80\r\nmemory 3", " line 3, column 8: expected '=' after a key in a key/value pair"),
        ("\ufeff[web", " line 1, column 5: expected ']' at the end of a table declaration"),
        ('\na = """\nb', " line 3, column 2: unterminated string"),
        ("a = 1\na = 2", " line 2, column 6: cannot overwrite a value"),
        (f"a = {'[' * 60_000}", ": is nested too deeply"),
        (f"{'a.' * 32_000}a = 1", ": is nested too deeply"),
        (f"""[{"'a' . " * 5_000}a]""", ": is nested too deeply"),
        (f"a = {'9' * 5_000}", ": has a number with too many digits"),
        ("#" * 65_537, ": must not be larger than 64 KiB"),
        ("#" + "é" * 40_000, ": must not be larger than 64 KiB"),
    ],
)
def test_what_is_no_toml(text: str, error: str) -> None:
    refusal = refused(text)
    assert refusal.details == (f"podshift.toml{error}",)
    assert refusal.message == "podshift.toml has 1 error"


def test_long_values_are_shortened() -> None:
    (line,) = refused(f'[web]\norder = "{"x" * 500}"').details
    assert line == f'web.order: must be "start-first" or "stop-first", not "{"x" * 39}…"'


def test_a_flood_of_errors_is_counted_and_cut() -> None:
    error = refused("".join(f"k{number} = 1\n" for number in range(5000)))
    assert error.message == "podshift.toml has 5000 errors"
    assert error.details[50:] == ("… and 4950 more",)
