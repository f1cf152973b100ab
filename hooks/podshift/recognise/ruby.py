"""Ruby: Rails, or any Rack app."""

import re
from collections.abc import Sequence

from podshift.errors import PodshiftError
from podshift.recognise.found import Recognised
from podshift.recognise.shell import shell
from podshift.recognise.tree import Tree
from podshift.recognise.version import Version, of_files, within

DEFAULT = "3.4"
RUBY = re.compile(r"""^[ \t]*ruby\s+\(?["']([^"'\n]{1,40})["']""", re.MULTILINE)
GEM = re.compile(r"""^[ \t]*gem\s+\(?["']([A-Za-z0-9_-]{1,60})["']""", re.MULTILINE)
LOCKED = re.compile(r"^    ([A-Za-z0-9_-]{1,60}) \(", re.MULTILINE)
LOCKED_RUBY = re.compile(r"^RUBY VERSION\n\s+ruby (\d{1,2}\.\d{1,2}\.\d{1,3})", re.MULTILINE)

# Gem → the distribution's packages that compile it, and those that it needs when it runs.
LIBRARIES = {
    "pg": ("libpq-dev", "libpq5"),
    "mysql2": ("default-libmysqlclient-dev", "libmariadb3"),
    "sqlite3": ("libsqlite3-dev", "libsqlite3-0"),
    "psych": ("libyaml-dev", "libyaml-0-2"),
    "ruby-vips": ("", "libvips42"),
}


def recognise(tree: Tree, command: Sequence[str]) -> Recognised | None:
    there = tree.names()
    gemfile, lock = tree.text("Gemfile") or "", tree.text("Gemfile.lock") or ""
    gems = frozenset(GEM.findall(gemfile))
    locked = frozenset(LOCKED.findall(lock))
    rails = "rails" in gems or "application.rb" in tree.names("config")
    version, notes = _version(tree, gemfile, lock)
    started, shown = _start(tree, gems, lock, rails=rails)
    if not command and not started:
        raise PodshiftError(
            "this is a Ruby app (Gemfile), but nothing in it says what serves it",
            details=("looked for: Rails (bin/rails or the gem rails), config.ru",),
            hint="say it in a Procfile: web: bundle exec puma",
        )
    return Recognised(
        kind="ruby",
        title="Ruby",
        version=version,
        command=tuple(command) or started,
        reasons=("Gemfile.lock" if lock else "Gemfile", *(() if command else (shown,))),
        values={
            "files": tuple(file for file in ("Gemfile", "Gemfile.lock", ".ruby-version") if file in there),
            "locked": bool(lock),
            "whole": bool(re.search(r"path:|:path\s*=>|^[ \t]*gemspec|eval_gemfile", gemfile, re.MULTILINE)),
            "libraries": _libraries(gems | locked | ({"psych"} if rails else set())),
            "assets": rails and _has_assets(tree, gems, locked),
        },
        notes=tuple(notes),
    )


def _start(tree: Tree, gems: frozenset[str], lock: str, *, rails: bool) -> tuple[tuple[str, ...], str]:
    if rails:
        return shell("exec bundle exec rails server -b 0.0.0.0 -p $PORT"), "rails server"
    if "config.ru" not in tree.names():
        return (), ""
    if "puma" in gems or "\n    puma (" in lock:
        return shell("exec bundle exec puma -b tcp://0.0.0.0:$PORT"), "puma"
    return shell("exec bundle exec rackup --host 0.0.0.0 --port $PORT"), "rackup"


def _has_assets(tree: Tree, gems: frozenset[str], locked: frozenset[str]) -> bool:
    """Rails before 7 brings Sprockets to every app, also to one that has nothing for it."""
    return bool(gems & {"sprockets-rails", "propshaft"}) or (
        "sprockets-rails" in locked and "assets" in tree.names("app")
    )


def _libraries(gems: frozenset[str]) -> dict[str, tuple[str, ...]]:
    """Packages of the distribution for the stage that installs, and for the image."""
    found = [LIBRARIES[gem] for gem in LIBRARIES if gem in gems]
    return {"build": tuple(build for build, _ in found if build), "run": tuple(run for _, run in found)}


def _version(tree: Tree, gemfile: str, lock: str) -> tuple[Version, list[str]]:
    """All of the number where it is given: Bundler refuses another patch of what a Gemfile names."""
    named, notes = of_files(tree, (".ruby-version",), 3)
    return named or _of_gemfile(gemfile, lock), notes


def _of_gemfile(gemfile: str, lock: str) -> Version:
    if match := RUBY.search(gemfile):
        whole = re.fullmatch(r"\d{1,2}\.\d{1,2}\.\d{1,3}", match[1])
        number = whole[0] if whole else within(match[1], DEFAULT)
        if number:
            return Version(number, "Gemfile")
    if match := LOCKED_RUBY.search(lock):
        return Version(match[1], "Gemfile.lock")
    return Version(DEFAULT)
