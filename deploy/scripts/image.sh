#!/usr/bin/env bash
# Builds the image around a program that is built already, and tries it out.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: deploy/scripts/image.sh [--help] PROGRAM [TAG]

Builds the last stage of deploy/Dockerfile with buildah around PROGRAM (such as target/release/amber) as TAG [localhost/amber:dev],
then starts it as the cluster does, as user 1000 on a root that cannot be written to, and asks its probes. Needs root, buildah,
curl and jq. The base image is debian:bookworm-slim of the local store; when it is not there, it is made by debootstrap.

environment:
  APP_VERSION  the release that the health report shows [what PROGRAM says]
  GIT_COMMIT   the commit that it shows [that of the working tree]
  BUILD_TIME   the time that it shows [now]
TEXT
}

[[ ${1:-} == --help || ${1:-} == -h ]] && { usage; exit 0; }
[[ $# -ge 1 && $# -le 2 ]] || { usage >&2; exit 64; }
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
program=$1 tag=${2:-localhost/amber:dev}
base=docker.io/library/debian:bookworm-slim
[[ -x $program ]] || { echo "image: $program is no program" >&2; exit 64; }
for tool in buildah curl jq; do
    command -v "$tool" >/dev/null || { echo "image: please install $tool" >&2; exit 69; }
done

# Also where no file system can be stacked, as inside containers.
export STORAGE_DRIVER=${STORAGE_DRIVER:-vfs} BUILDAH_ISOLATION=chroot
work=$(mktemp -d)
container='' server=''
clean_up() {
    # unshare takes no TERM, and its child does not end with it once it has changed its user.
    [[ -z $server ]] || { pkill -KILL -P "$server" && wait "$server"; } 2>/dev/null || true
    [[ -z $container ]] || buildah rm "$container" >/dev/null
    rm -rf "$work"
}
trap clean_up EXIT

make_base() {
    echo "image: making $base"
    command -v debootstrap >/dev/null || { echo "image: please install debootstrap" >&2; exit 69; }
    debootstrap --variant=minbase bookworm "$work/base" >"$work/debootstrap.log" || { tail "$work/debootstrap.log" >&2; exit 69; }
    rm -rf "$work"/base/var/cache/apt/* "$work"/base/var/lib/apt/lists/* "$work"/base/usr/share/{doc,man,locale}/*
    local made
    made=$(buildah from scratch)
    buildah add --quiet "$made" "$work/base" / >/dev/null
    buildah config --cmd bash "$made"
    buildah commit --quiet --rm "$made" "$base" >/dev/null
    rm -rf "$work/base"
}

build() {
    mkdir "$work/context"
    install "$program" "$work/context/amber"
    strip --strip-debug "$work/context/amber" 2>/dev/null || true
    cp /etc/ssl/certs/ca-certificates.crt "$work/context"
    # The builder asks for every base it reads of, also for that of a stage that it leaves out.
    sed '/^FROM .* AS build$/,/^FROM scratch AS prebuilt$/{/^FROM scratch/!d}' deploy/Dockerfile >"$work/Dockerfile"
    local version=${APP_VERSION:-$("$program" --version | cut -d' ' -f2)}
    commit=${GIT_COMMIT:-$(git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)}
    buildah bud --quiet --pull-never --layers=false --format docker --file "$work/Dockerfile" --build-arg BINARY=prebuilt \
        --build-arg APP_VERSION="$version" --build-arg GIT_COMMIT="$commit" \
        --build-arg BUILD_TIME="${BUILD_TIME:-$(date -u +%Y-%m-%dT%H:%M:%SZ)}" --tag "$tag" "$work/context" >/dev/null
}

fail() { echo "image: $1" >&2; exit 1; }

# The container as the cluster runs it: as the image's user, on a root where nothing can be written, with a volume at /data. Made by
# unshare and chroot, because that works wherever one is root.
try() {
    container=$(buildah from --pull-never "$tag")
    local root port pid path user folder
    root=$(buildah mount "$container")
    mkdir -p "$root/data" "$work/data"
    chown 1000:1000 "$work/data"
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    config() { buildah inspect --type image "$tag" | jq -r ".Docker.config.$1"; }
    user=$(config User) folder=$(config WorkingDir)
    [[ $user == 1000:1000 ]] || fail "the image runs as ${user:-root}"
    mapfile -t settings < <(config 'Env[]')
    mapfile -t command < <(config 'Entrypoint + .Docker.config.Cmd | .[]')
    settings+=("LISTEN_ADDR=127.0.0.1:$port" 'DATABASE_URL=sqlite:///data/amber.db?mode=rwc'
        "ADMIN_JWT_SECRET=$(head -c 48 /dev/urandom | base64 -w 0)")
    inside=(chroot "--userspec=$user" "--groups=" "$root" env -i -C "$folder" "${settings[@]}")

    # shellcheck disable=SC2016 # the inner shell expands these
    unshare --mount --pid --fork --kill-child bash -c '
        mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && mount --bind "$2" "$1/data" && shift 2 && exec "$@"' \
        bash "$root" "$work/data" "${inside[@]}" "${command[@]}" >"$work/log" 2>&1 &
    server=$!
    for ((tries = 0; tries < 100; tries++)); do
        curl -sf "http://127.0.0.1:$port/readyz" >/dev/null && break
        kill -0 "$server" 2>/dev/null || { cat "$work/log" >&2; fail "the container has ended"; }
        sleep 0.1
    done
    pid=$(ps -o pid= --ppid "$server" | tr -d ' ')
    for path in /livez /readyz /api/health /metrics; do
        curl -sf "http://127.0.0.1:$port$path" >/dev/null || fail "$path does not answer 200"
    done
    [[ $(stat -c %u:%g "/proc/$pid") == 1000:1000 ]] || fail "it does not run as 1000:1000"
    grep -q $'^CapEff:\t0000000000000000$' "/proc/$pid/status" || fail "it has capabilities"
    run_inside() { nsenter --target "$pid" --mount --pid "${inside[@]}" "$@"; }
    mapfile -t check < <(config 'Healthcheck.Test[1:][]')
    run_inside "${check[@]}" || fail "the health check of the image fails on a server that is well"
    ! run_inside env LISTEN_ADDR=127.0.0.1:1 "${check[@]}" 2>/dev/null || fail "the health check passes where nobody listens"
    ! run_inside bash -c 'echo a >/app/file || echo a >/tmp/file' 2>/dev/null || fail "the root can be written to"
    [[ $(curl -sf "http://127.0.0.1:$port/api/health" | jq -r .build.commit) == "$commit" ]] || fail "the commit is not shown"
    kill -TERM "$pid"
    wait "$server" || fail "it does not end softly"
    server=''
}

buildah inspect --type image "$base" >/dev/null 2>&1 || make_base
build
try
echo "image: $tag runs as 1000:1000 on a read-only root, answers its probes, and ends softly"
