"""Command lines that nobody means well by. `{mark}` is a file that must not be made, `{home}` the user's folder."""

HOSTILE = """\
sh
/bin/sh -i
status; touch {mark}
status && touch {mark}
status $(touch {mark})
status `touch {mark}`
status > {mark}
status | tee {mark}
'status' '; touch {mark}'
touch {mark}
~/podshift
git-receive-pack 'hello; touch {mark}'
git-receive-pack '$(touch {mark})'
git-receive-pack 'hello' 'x'
git-receive-pack 'Hello'
git-receive-pack ''
git-receive-pack '-hello'
git-receive-pack --advertise-refs
git-receive-pack {home}/.local/share/podshift/repositories/../../../../podshift
git-upload-pack --upload-pack='touch {mark}' hello
git-upload-pack ../../../../podshift
git-upload-pack '/~/podshift'
git-upload-pack {home}/podshift
git-upload-archive hello
git -c alias.x='!touch {mark}' x
git --exec-path={home} upload-pack hello
git-shell -c 'touch {mark}'
scp -t {mark}
rsync --server . {mark}
internal-sftp
exec -a x status
config x set --env-file=/etc/passwd
keys add ../x --admin
notify add 'touch {mark}'
notify add -- touch {mark}
deploy -- --output={mark}
run -- -- touch {mark}
create '../x'
create -- --branch
PODSHIFT_KEY=x status
events -n 100000000000000000000
logs hello -n 100000000000000000000
logs hello --since 0001-01-01
rollback hello v99999999999999999999
config hello --release v99999999999999999999
scale hello web=99999999999999999999
status 'x
""".splitlines()
HOSTILE += [
    "status\ntouch {mark}",
    "git-receive-pack hello\ntouch {mark}",
    "status \\\n; touch {mark}",
    "\x1b[31mred",
    "\u202ereversed",
    "x" * 70000,
    "git-receive-pack " + "x" * 70000,
    f"rollback hello v{'9' * 5000}",
    f"config hello --release {'9' * 5000}",
    f"scale hello web={'9' * 5000}",
    f"events -n {'9' * 5000}",
    f"logs hello --since {'9' * 400}d",
    f"logs hello --since {'9' * 5000}d",
]
