#!/usr/bin/env bash
# What a push is compared with: the same engine calls and the same switch as podshift's, by hand, and nothing
# else. No lock, no records, no config file for a restarted proxy, no undo, no report. HAProxy checks every 100 ms,
# where podshift has it check a new container every 50. bin/bench writes ./settings.
set -euo pipefail
source ./settings # engine run_options name network prefix label control

ask() { # HAProxy's runtime socket, on a loopback port
    exec 3<>"/dev/tcp/127.0.0.1/$control"
    echo "$1" >&3
    cat <&3
    exec 3>&-
}

read -r _ commit _
release=$(($(cat release 2>/dev/null || echo 0) + 1))
old=$(cat live 2>/dev/null || true)
new=$name-web-$release-1

tree=$(mktemp -d)
git archive "$commit" | tar --extract --directory="$tree"
"${engine[@]}" build --tag="localhost/$name:v$release" --file="$tree/Containerfile" \
    --label="$label" --label="bench.app=$name" --label="bench.commit=$commit" -- "$tree"
rm -r "$tree"

host=$((128 + release % 100))
address=$prefix.$host
"${engine[@]}" run "${run_options[@]}" --detach --restart=always --init --stop-timeout=10 --pids-limit=2048 \
    --security-opt=no-new-privileges --log-driver=k8s-file --log-opt=max-size=10mb \
    --name="$new" --network="$network" --ip="$address" --mac-address="$(printf '02:70:0a:59:00:%02x' "$host")" \
    --network-alias="$name" --label="$label" --label="bench.app=$name" --label="bench.release=$release" \
    --label="bench.commit=$commit" --env=PORT=8080 "localhost/$name:v$release"

ask "add server app/$new $address:8080 check inter 100ms rise 1 fall 3; set server app/$new state drain; enable health app/$new"
until ask "show stat app 4 -1" | grep "^app,$new," | grep -q L7OK; do sleep 0.02; done
ask "set server app/$new state ready${old:+; set server app/$old state drain}"
echo "$release" >release
echo "$new" >live
echo "$new is live"

if [[ $old ]]; then # not counted: from here on, both only clear up
    "${engine[@]}" rm --force --time=10 "$old"
    ask "set server app/$old state maint"
    until ask "del server app/$old" | grep -q 'deleted'; do sleep 0.1; done
fi
