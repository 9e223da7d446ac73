#!/usr/bin/env bash
# Drives a running Amber from outside and says what holds.
set -uo pipefail

usage() {
    cat <<'TEXT'
usage: deploy/scripts/smoke.sh [--help]

Checks a running server: health, probes, metrics, and the way of an embed token. Needs curl and jq. It issues about
as many tokens as one window allows, so wait for a window (EMBED_RATE_LIMIT_WINDOW) before it runs again.

environment:
  AMBER_API_KEY       the ADMIN_API_KEY of the server (required)
  AMBER_URL           where the server is [http://localhost:5000]
  AMBER_ORIGIN        a site of EMBED_ALLOWED_ORIGINS [AMBER_URL]
  AMBER_DASHBOARD     the dashboard to open [demo]
  AMBER_TOKEN_LIMIT   EMBED_RATE_LIMIT_REQUESTS of the server [10]; 0 leaves the check of the limit out
  AMBER_WAIT_EXPIRY   1 waits until a token of one second has expired [1]

exit codes: 0 everything holds; 1 something does not; 64 the environment has a mistake; 69 the server does not answer
TEXT
}

[[ ${1:-} == --help || ${1:-} == -h ]] && { usage; exit 0; }

url=${AMBER_URL:-http://localhost:5000}
origin=${AMBER_ORIGIN:-$url}
dashboard=${AMBER_DASHBOARD:-demo}
limit=${AMBER_TOKEN_LIMIT:-10}
key=${AMBER_API_KEY:-}
passed=0 failed=0

[[ -n $key ]] || { echo "smoke: set AMBER_API_KEY to the API key of the server" >&2; exit 64; }
for program in curl jq; do
    command -v "$program" >/dev/null || { echo "smoke: please install $program" >&2; exit 64; }
done

answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

# call ARGUMENT...: the status of a request; its body goes to $answer.
call() { curl -sS -m 10 -o "$answer" -w '%{http_code}' "$@" 2>/dev/null; }

# with_key: the header with the key, for `curl -K -`, so that no list of processes shows it.
with_key() { printf 'header = "Authorization: Bearer %s"\n' "$key"; }

# ask BODY: asks for a token.
ask() {
    with_key | call -K - -X POST "$url/api/embed/token" -H 'Content-Type: application/json' -d "$1"
}

# open_frame TOKEN: opens the dashboard as a browser does.
open_frame() {
    printf 'data-urlencode = "token=%s"\n' "$1" | call -K - -X POST "$url/embed/v1/dashboards/$dashboard" -H "Origin: $origin"
}

# check SENTENCE IS SHOULD
check() {
    if [[ $2 == "$3" ]]; then
        passed=$((passed + 1))
        echo "ok      $1"
    else
        failed=$((failed + 1))
        echo "FAILED  $1: $2 instead of $3"
    fi
}

field() { jq -r "$1 // empty" "$answer" 2>/dev/null; }

status=$(call "$url/livez")
[[ $status != 000 ]] || { echo "smoke: nothing answers at $url" >&2; exit 69; }
check "the process is alive" "$status" 200
check "it is ready" "$(call "$url/readyz")" 200
check "the health report is served" "$(call "$url/api/health")" 200
check "the database is well" "$(field .checks.database.status)" ok
check "metrics are served for Prometheus" "$(call "$url/metrics")" 200
check "uptime is among them" "$(grep -c '^amber_uptime_seconds ' "$answer")" 1

body=$(jq -cn --arg id "$dashboard" --arg origin "$origin" '{dashboardId: $id, allowedOrigins: [$origin]}')
check "a token is issued" "$(ask "$body")" 200
first=$(field .token)
[[ $first =~ ^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$ ]] && form=right || form=wrong
check "it has the form of a token" "$form" right
expires=$(date -u -d "$(field .expiresAt)" +%s 2>/dev/null || date -u -j -f %Y-%m-%dT%H:%M:%SZ "$(field .expiresAt)" +%s)
((expires > $(date +%s) && expires <= $(date +%s) + 302)) && life=right || life=wrong
check "it ends within five minutes" "$life" right
check "a second token is issued" "$(ask "$body")" 200
second=$(field .token)
[[ -n $second && $first != "$second" ]] && unique=yes || unique=no
check "no two tokens are equal" "$unique" yes

check "a token opens its dashboard" "$(open_frame "$first")" 200
check "it does so once" "$(open_frame "$first")" 401
status=$(printf 'data-urlencode = "token=%s"\n' "$second" |
    call -K - -X POST "$url/embed/v1/dashboards/$dashboard" -H 'Origin: https://smoke.invalid')
check "a foreign site is refused" "$status" 403

check "without a credential there is no token" \
    "$(call -X POST "$url/api/embed/token" -H 'Content-Type: application/json' -d "$body")" 401
check "with a wrong key there is none either" \
    "$(call -X POST "$url/api/embed/token" -H 'Authorization: Bearer wrong' -H 'Content-Type: application/json' -d "$body")" 401
check "a request without dashboardId is refused" "$(ask '{}')" 400
check "the refusal names the field" "$(field '.fields[0].field')" dashboardId

if [[ ${AMBER_WAIT_EXPIRY:-1} == 1 ]]; then
    check "a token of one second is issued" "$(ask "$(jq -c '. + {ttl: 1}' <<<"$body")")" 200
    third=$(field .token)
    sleep 2
    check "it has expired after that" "$(open_frame "$third")" 401
fi

if ((limit > 0)); then
    status=200
    for ((n = 0; n <= limit && ${status:-0} != 429; n++)); do status=$(ask "$body"); done
    check "a caller who asks too often is told to wait" "$status" 429
    [[ $(field .retry_after) =~ ^[1-9][0-9]*$ ]] && wait=told || wait=missing
    check "and for how long" "$wait" told
fi

echo "smoke: $passed passed, $failed failed"
((failed == 0))
