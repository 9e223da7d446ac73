# Each recipe is one plain command, so that all of them run without just too.

# Everything that CI checks
check: fmt lint test doc contract deny

# Formatting is that of rustfmt.toml
fmt:
    cargo fmt --all --check

# Clippy, pedantic, over every target
lint:
    cargo clippy --workspace --all-targets -- -D warnings
    cargo clippy --package amber-server --features aws,gcp --all-targets -- -D warnings

# Every test; arguments select by name
test *FILTER:
    tests/run {{FILTER}}

# The program as the tests start it
program:
    cargo build --workspace --bins

# The frame in Chromium and Firefox, as far as they are installed
browser: program
    cargo build --package amber-tests --examples
    npm ci --prefix tests/browser --ignore-scripts --no-audit --no-fund
    node --test-reporter spec tests/browser/main.test.js

# The packages for TypeScript: everything about them, in the same browsers
typescript: program
    cargo build --package amber-tests --examples
    npm ci --prefix tests/browser --ignore-scripts --no-audit --no-fund
    npm ci --prefix sdk/typescript --ignore-scripts --no-audit --no-fund
    npm test --prefix sdk/typescript

# The web application before `amber demo`: http://localhost:3000
web-demo: program
    npm ci --prefix sdk/typescript --ignore-scripts --no-audit --no-fund
    npm run build --prefix sdk/typescript
    npm ci --prefix sdk/nextjs --ignore-scripts --no-audit --no-fund
    npm run demo --prefix sdk/nextjs

# The web application: units, build, and Chromium before `amber demo`
web: program
    npm ci --prefix sdk/typescript --ignore-scripts --no-audit --no-fund
    npm run build --prefix sdk/typescript
    npm ci --prefix sdk/nextjs --ignore-scripts --no-audit --no-fund
    npm test --prefix sdk/nextjs

# The storm in its long form: 600 kills and freezes; AMBER_CHAOS_SEED chooses another one
chaos: program
    AMBER_CHAOS_BLOWS=300 cargo test --package amber-tests --test chaos -- --nocapture --test-threads 1 storm

# The documentation builds and its links lead somewhere
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# The contract is well-formed and still serves every client of the last release
contract: contract-lint contract-breaking

contract-lint:
    buf lint

contract-breaking:
    buf breaking --against proto/released.binpb

# Licences, banned crates and sources
deny:
    cargo deny check licenses bans sources

# From now on the contract may not break what it says today
release-contract:
    buf build -o proto/released.binpb

# Amber with made-up leaders, without a key of X
demo:
    cargo run -- demo

# The build that is measured and shipped
release:
    cargo build --release --locked

# What the goals are measured with; it fails when one is missed by this machine
bench: release
    cargo run --package amber-tests --example startup
    cargo run --release --package amber-tests --example store
    cargo run --release --package amber-tests --example memory
    cargo run --release --package amber-tests --example issue
    cargo run --release --package amber-tests --example limits

# The limiter alone: against other ways to ask Redis, without Redis, and under ten million callers
bench-limits: release
    cargo run --release --package amber-tests --example limits

# What deploy/ holds, against the program
deploy: program
    deploy/check

# The image, built from the sources; deploy/scripts/image.sh makes one of a program that is built already
image:
    docker build --file deploy/Dockerfile --tag amber:dev --build-arg GIT_COMMIT=$(git rev-parse --short=12 HEAD) --build-arg BUILD_TIME=$(date -u +%Y-%m-%dT%H:%M:%SZ) .
