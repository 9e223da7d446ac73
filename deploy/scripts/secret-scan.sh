#!/usr/bin/env bash
# Looks for credentials in the files that git tracks, by the forms that issuers give them.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: deploy/scripts/secret-scan.sh [--help] [FOLDER]

Fails when a tracked file of FOLDER [the working tree] holds what looks like a credential: of X, of Amber, of clouds and forges, or a private key.
A line that must hold one, such as a test of the scan itself, ends with "not-a-secret". Made-up secrets without a form are not found.
TEXT
}

[[ ${1:-} == --help || ${1:-} == -h ]] && { usage; exit 0; }
cd "${1:-$(dirname "${BASH_SOURCE[0]}")/../..}"

forms=(
    '-----BEGIN ([A-Z]+ )*PRIVATE KEY-----'     # not-a-secret
    'A{19,}[A-Za-z0-9%]{40,}'                   # the bearer token of X
    'amb_[A-Za-z0-9_-]{30,}'                    # an API key of Amber
    'eyJ[A-Za-z0-9_-]{15,}\.eyJ[A-Za-z0-9_-]{15,}\.[A-Za-z0-9_-]{20,}' # a signed token
    '(AKIA|ASIA)[0-9A-Z]{16}'                   # Amazon
    'AIza[0-9A-Za-z_-]{35}'                     # Google
    'gh[pousr]_[A-Za-z0-9]{36}'                 # GitHub
    'github_pat_[A-Za-z0-9_]{50,}'
    'glpat-[A-Za-z0-9_-]{20}'                   # GitLab
    'xox[abprs]-[A-Za-z0-9-]{20,}'              # Slack
    'npm_[A-Za-z0-9]{36}'
    'cio[A-Za-z0-9]{32}'                        # crates.io
    'sk_live_[A-Za-z0-9]{20,}'
    '(postgres|postgresql|rediss?)://[^:@/ "]*:[A-Za-z0-9+/_-]{16,}@' # a password in a URL
)
arguments=()
for form in "${forms[@]}"; do arguments+=(-e "$form"); done

# What is made up and must have the form: the sample of a test.
samples=(':!server/src/auth/api_key.rs')

status=0
found=$(git grep --no-color -I -n -E "${arguments[@]}" -- ':!*.lock' ':!*package-lock.json' "${samples[@]}") || status=$?
((status <= 1)) || { echo "secret-scan: git cannot search here" >&2; exit 69; }
found=$(grep -v 'not-a-secret' <<<"$found" || true)
if [[ -n $found ]]; then
    # The place is enough: what is printed ends up in logs.
    cut -d: -f1,2 <<<"$found" >&2
    echo "secret-scan: these lines hold what looks like a credential" >&2
    exit 1
fi
echo "secret-scan: nothing looks like a credential"
