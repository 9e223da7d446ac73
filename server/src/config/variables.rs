//! Every variable that Amber reads: the loader, the reference and `.env.example` all follow this table.

use super::variable::{Fallback, Need, Variable};

use Fallback::{Computed, SameAs, Value};
use Need::{Required, With};

/// Variables that belong together.
#[derive(Debug)]
pub struct Section {
    /// What they are about.
    pub title: &'static str,
    /// The variables, the most important first.
    pub variables: &'static [Variable],
}

/// Every variable, in the order of the reference.
pub const SECTIONS: &[Section] = &[
    Section { title: "Listening", variables: LISTENING },
    Section { title: "Storage", variables: STORAGE },
    Section { title: "Administration", variables: ADMINISTRATION },
    Section { title: "Secrets from a cloud", variables: SECRETS },
    Section { title: "Ingestion from X", variables: INGESTION },
    Section { title: "Embedding", variables: EMBEDDING },
    Section { title: "Rate limits", variables: RATE_LIMITS },
    Section { title: "Traces", variables: TRACES },
    Section { title: "Logs and build", variables: LOGS_AND_BUILD },
];

const LISTENING: &[Variable] = &[
    Variable::text(
        "LISTEN_ADDR",
        "The address to listen on, as `host:port` or `host` alone; the host is an IP address",
    )
    .else_is(Value("0.0.0.0")),
    Variable::number(
        "PORT",
        0..=65_535,
        "5000",
        "The port to listen on when `LISTEN_ADDR` names none; 0 picks a free one",
    ),
    Variable::text("PUBLIC_URL", "How browsers reach this server; it begins every embed URL")
        .else_is(Computed("`http://localhost:<port>`")),
    Variable::text(
        "CORS_ALLOWED_ORIGINS",
        "Web sites whose pages may call the API, as `https://host[:port]`, separated by commas",
    )
    .else_is(Computed("none")),
    Variable::text(
        "TRUSTED_PROXY_CIDRS",
        "Proxies whose `X-Forwarded-For` tells the address of a caller, as `10.0.0.0/8`, separated by commas",
    )
    .else_is(Computed("none; the address of a caller is that of its socket")),
    Variable::text(
        "TLS_CERT_PATH",
        "The file of the certificate that is shown, as PEM with those between it and its authority; replaced files are taken up \
         within seconds",
    )
    .else_is(Computed("none; an ingress or a proxy speaks TLS")),
    Variable::text("TLS_KEY_PATH", "The file of its private key, as PEM; both files, or neither"),
    Variable::number(
        "MAX_CONNECTION_AGE_SECONDS",
        0..=86_400,
        "1800",
        "After how long a connection is ended once its calls are over, in seconds, so that callers spread over new replicas; 0 \
         never",
    ),
    Variable::number(
        "MAX_CONNECTIONS_PER_ADDRESS",
        0..=10_000,
        "1000",
        "The most connections that one address holds at once, of 10,000 in all; IPv6 counts by its /64, and trusted proxies do not \
         count; 0 is no bound",
    ),
    Variable::flag("REFLECTION_ENABLED", "true", "Serves gRPC reflection"),
    Variable::flag(
        "METRICS_REQUIRE_AUTH",
        "false",
        "Shows metrics to administrators only, and to whoever collects them with `METRICS_TOKEN`",
    ),
    Variable::number(
        "SHUTDOWN_DEADLINE_SECONDS",
        1..=600,
        "25",
        "How long calls under way may take to end once the server is told to stop, in seconds",
    ),
    Variable::number(
        "SHUTDOWN_GRACE_SECONDS",
        0..=60,
        "0",
        "How long a server that is told to stop still takes calls after probes were told, in seconds; behind a load \
         balancer about two of its probes",
    ),
];

const STORAGE: &[Variable] = &[
    Variable::sealed(
        "DATABASE_URL",
        "The database: `sqlite://file?mode=rwc`, `postgres://...`, `postgresql://...` or `postgresql+psycopg2://...`",
    )
    .else_is(Value("sqlite://amber.db?mode=rwc")),
    Variable::number("DATABASE_MAX_CONNECTIONS", 1..=1_000, "10", "The most connections that are open at once"),
    Variable::sealed(
        "REDIS_URL",
        "The Redis 7 in which replicas share their limits: `redis://host`, `redis+sentinel://sentinel,sentinel/service` or \
         `redis+cluster://node,node`; with TLS `rediss`",
    )
    .else_is(Computed("none; each replica limits on its own")),
    Variable::sealed("REDIS_CA", "The certificates of the authorities that vouch for Redis under TLS, as PEM")
        .else_is(Computed("those that browsers trust")),
    Variable::text(
        "CHECKPOINT_STORE",
        "Where it is kept how far each timeline is read: `database`, or `file` for a copy of it in files as well",
    )
    .else_is(Value("database")),
    Variable::text("CHECKPOINT_DIR", "The folder of those files; it is made when it is absent")
        .else_is(Value("checkpoints")),
];

const ADMINISTRATION: &[Variable] = &[
    Variable::secret("ADMIN_JWT_SECRET", 32, "Signs admin tokens").needed(Required),
    Variable::number("ADMIN_JWT_TTL", 60..=86_400, "3600", "How long an admin token is valid, in seconds"),
    Variable::secret("ADMIN_BOOTSTRAP_SECRET", 24, "Buys an admin token at `POST /api/admin/token`")
        .else_is(Computed("none; that route is off")),
    Variable::secret(
        "ADMIN_API_KEY",
        24,
        "The API key that works without the database: it has every scope, and `EMBED_ALLOWED_ORIGINS` are its sites",
    )
    .else_is(Computed("none; only admin tokens and the keys of `POST /api/api-keys` are accepted")),
    Variable::secret("METRICS_TOKEN", 24, "The bearer token by which Prometheus reads metrics, and nothing else")
        .else_is(Computed("none; only an admin token opens them when `METRICS_REQUIRE_AUTH` is on")),
    Variable::secret(
        "API_KEY_PEPPER",
        32,
        "Protects the API keys in the database; when it changes, they are void. Set it so that they outlive a new \
         `ADMIN_JWT_SECRET`",
    )
    .else_is(Computed("a key made from `ADMIN_JWT_SECRET`")),
];

const SECRETS: &[Variable] = &[
    Variable::flag(
        "SECRETS_MANAGER_ENABLED",
        "false",
        "Reads the secrets that are set neither here nor by a file from the secret store of a cloud. The program must be built \
         for it, as the image is",
    ),
    Variable::text("SECRETS_MANAGER_PROVIDER", "The store: `aws-ssm`, `aws-secrets` or `gcp-secret-manager`")
        .needed(With("SECRETS_MANAGER_ENABLED")),
    Variable::text(
        "SECRETS_PREFIX",
        "What stands before the name of a variable there, as in `/amber/prod/REDIS_URL`. In Google Cloud the first slash goes and \
         others become dashes: `amber-prod-REDIS_URL`",
    )
    .else_is(Value("/amber/prod/")),
    Variable::text(
        "SECRETS_NAMES",
        "The variables whose secrets are there, separated by commas. For a role that may read these alone: a start ends with a \
         secret that may not be read, and to such a role a store says so of one that does not exist as well",
    )
    .else_is(Computed("all that are set nowhere else")),
    Variable::text("AWS_REGION", "The region of the stores of AWS; required with them"),
    Variable::text("GOOGLE_CLOUD_PROJECT", "The project of the store of Google Cloud; required with it"),
    Variable::text(
        "SECRETS_ENDPOINT_URL",
        "Where the store is in place of its public address, such as a private endpoint; for AWS `AWS_ENDPOINT_URL` of the process \
         does it as well",
    ),
    Variable::number(
        "SECRETS_TIMEOUT_SECONDS",
        1..=120,
        "15",
        "How long reading all secrets may take, with every repetition, in seconds",
    ),
    Variable::number(
        "SECRETS_POLL_SECONDS",
        0..=86_400,
        "300",
        "How often the store is asked for a new bearer token and new signing keys, in seconds; 0 does so at SIGHUP only",
    ),
];

const INGESTION: &[Variable] = &[
    Variable::flag("X_INGEST_ENABLED", "false", "Fetches posts from X").or_called(&["TWITTER_ENABLED"]),
    Variable::sealed("X_API_BEARER", "The app-only bearer token of the X API, from the developer portal of X")
        .or_called(&["TWITTER_BEARER_TOKEN"])
        .needed(With("X_INGEST_ENABLED")),
    Variable::number("X_INGEST_INTERVAL_MINUTES", 1..=10_080, "30", "The time between two runs, in minutes"),
    Variable::text("X_INGEST_CRON", "When to run, as five cron fields; wins over the interval"),
    Variable::text("SCHEDULE_TZ", "The time zone of the cron fields by its IANA name, as `Asia/Kolkata`")
        .else_is(Value("UTC")),
    Variable::number(
        "X_INGEST_JITTER_SECONDS",
        0..=600,
        "10",
        "The most that a scheduled run is delayed by chance, in seconds, so that installations do not call X in the same instant",
    ),
    Variable::number("X_INGEST_LIMIT", 1..=3_200, "10", "Posts per leader and run; the next run fetches the rest")
        .or_called(&["TWITTER_LIMIT"]),
    Variable::text("X_BACKFILL_COUNT", "Posts per leader on a backfill, 1 to 3200, or `all` that X gives")
        .else_is(Value("50")),
    Variable::number(
        "X_INGEST_OVERLAP_MINUTES",
        0..=1_440,
        "60",
        "How far behind the newest known post each run looks again, in minutes, because posts can become visible late",
    ),
    Variable::number(
        "X_INGEST_DEEP_HOURS",
        0..=168,
        "24",
        "How often, and how far back, the newest posts are looked at again in case X left some out, in hours; 0 never",
    ),
    Variable::number("X_INGEST_CONCURRENCY", 1..=64, "4", "Leaders that one process reads at the same time"),
    Variable::number(
        "X_INGEST_TOTAL_CONCURRENCY",
        1..=1_024,
        "16",
        "Leaders that all replicas together read at the same time, as they share one credential of X",
    ),
    Variable::number(
        "X_INGEST_LEASE_SECONDS",
        2..=600,
        "20",
        "How long a replica may be silent before another one takes over what it reads, in seconds",
    ),
    Variable::number(
        "X_RECHECK_HOURS",
        0..=720,
        "24",
        "How often each stored post is looked up again, in hours: its counts are renewed, and what was deleted on X is \
         deleted here, for which X's terms leave 24 hours; 0 never does. X bills every post that it shows, so that a \
         thousand stored posts cost a thousand reads per round",
    ),
    Variable::flag("INGESTION_DRY_RUN", "false", "Fetches and checks, but stores nothing"),
    Variable::number(
        "X_MONTHLY_POST_BUDGET",
        0..=1_000_000_000,
        "0",
        "Posts that may be read from X in a UTC month, because X bills each; 0 is no bound. Posts that others refer to are \
         counted too",
    ),
    Variable::text("X_API_BASE_URL", "Where the X API is").else_is(Value("https://api.x.com")),
];

const EMBEDDING: &[Variable] = &[
    Variable::flag("EMBED_ENABLED", "false", "Issues embed tokens and serves frames"),
    Variable::secret("EMBED_SIGNING_KEY", 32, "Signs embed tokens; its key id is `k1`").needed(With("EMBED_ENABLED")),
    Variable::sealed(
        "EMBED_SIGNING_KEYS",
        "Several keys in place of `EMBED_SIGNING_KEY`, as `k2:<base64>,k1:<base64>`, each of at least 32 bytes: the first \
         signs, all verify",
    ),
    Variable::text(
        "EMBED_ALLOWED_ORIGINS",
        "Web sites that may frame a dashboard, as `https://host[:port]` or `https://*.domain[:port]`, separated by commas",
    )
    .needed(With("EMBED_ENABLED")),
    Variable::flag(
        "EMBED_SHOW_POSTS",
        "false",
        "Lets dashboards show posts with their texts in frames. The terms of X bind whoever displays posts: follow its display \
         rules, remove deleted posts, ask X for leave to show them in frames. That is up to you, so it is off",
    ),
    Variable::number("EMBED_TOKEN_TTL", 1..=300, "60", "How long a token is valid, in seconds"),
    Variable::number(
        "EMBED_AUDIT_DAYS",
        1..=3_650,
        "90",
        "How long the audit of tokens is kept, in days; an API key revokes single tokens no longer than that",
    ),
    Variable::number("EMBED_RATE_LIMIT_REQUESTS", 1..=1_000_000, "10", "Tokens that a caller may ask for per window"),
    Variable::number("EMBED_RATE_LIMIT_WINDOW", 1..=86_400, "60", "That window, in seconds"),
];

const RATE_LIMITS: &[Variable] = &[
    Variable::flag("RATE_LIMITING_ENABLED", "true", "Limits calls"),
    Variable::number("REQUESTS_PER_MINUTE", 1..=1_000_000, "60", "Calls that an address may make per window"),
    Variable::number("WINDOW_SECONDS", 1..=86_400, "60", "That window, in seconds"),
    Variable::number("BURST_SIZE", 1..=1_000_000, "", "Calls that can be saved up and made at once")
        .else_is(SameAs("REQUESTS_PER_MINUTE")),
    Variable::number(
        "AUTHENTICATED_REQUESTS_PER_MINUTE",
        1..=1_000_000,
        "",
        "Calls that a user or an API key may make per window",
    )
    .else_is(SameAs("REQUESTS_PER_MINUTE")),
    Variable::text(
        "RATE_LIMIT_TOKEN_REDEEM",
        "Calls of frames that an address may make, as `calls/seconds`: opening, renewing, reading",
    )
    .else_is(Value("300/60")),
    Variable::text(
        "RATE_LIMIT_LEADER_REFRESH",
        "Leaders that a caller may have read at once, as `calls/seconds`; such a call counts as any other, too",
    )
    .else_is(Value("30/60")),
    Variable::text(
        "RATE_LIMIT_INGESTION_TRIGGER",
        "Runs that a caller may start, as `calls/seconds`; such a call counts as any other, too",
    )
    .else_is(Value("10/60")),
    Variable::text(
        "RATE_LIMIT_COSTS",
        "Calls that count as several, as `/api/feed=2,/amber.v1.FeedService/ListPosts=2`; a part in braces stands for any",
    )
    .else_is(Computed("every call counts once")),
    Variable::text(
        "RATE_LIMIT_SHADOW",
        "Limits that count and refuse nobody, separated by commas: `anonymous`, `authenticated`, `embed_issue`, \
         `token_redeem`, `leader_refresh`, `ingestion_trigger`",
    )
    .else_is(Computed("none")),
    Variable::number(
        "RATE_LIMIT_REDIS_TIMEOUT_MS",
        5..=1_000,
        "25",
        "How long a call waits for Redis to decide, in milliseconds, before this replica decides by itself; more than 50 is \
         for a Redis that is far away",
    ),
];

const TRACES: &[Variable] = &[
    Variable::text(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "The collector that traces are sent to, as `http://host:4317` or `https://host`; it takes OTLP by gRPC. What else \
         OpenTelemetry reads from the environment of a process holds too, such as `OTEL_BSP_SCHEDULE_DELAY`",
    )
    .else_is(Computed("no traces")),
    Variable::sealed(
        "OTEL_EXPORTER_OTLP_HEADERS",
        "What the collector wants to see with each call, as `name=value`, separated by commas; values are percent-encoded",
    ),
    Variable::text(
        "OTEL_EXPORTER_OTLP_CERTIFICATE",
        "The file of the authority, as PEM, that vouches for a collector on `https`; beside it those that browsers know are believed",
    ),
    Variable::text("OTEL_SERVICE_NAME", "The name of this service in the traces").else_is(Value("amber")),
    Variable::text(
        "OTEL_TRACES_SAMPLER",
        "Which traces are kept: `always_on`, `always_off` or `traceidratio`; with `parentbased_` before, a caller that has a \
         trace decides about it",
    )
    .else_is(Value("parentbased_always_on")),
    Variable::text("OTEL_TRACES_SAMPLER_ARG", "The share of traces that a ratio keeps, from 0 to 1")
        .else_is(Value("1")),
];

const LOGS_AND_BUILD: &[Variable] = &[
    Variable::text("RUST_LOG", "Which log lines are written, as `level` or `target=level`, separated by commas")
        .else_is(Value("info,sqlx=warn")),
    Variable::text("LOG_FORMAT", "How they are written: `json` or `text`").else_is(Value("json")),
    Variable::text("APP_VERSION", "The release that the health report shows")
        .else_is(Computed("the package's version")),
    Variable::text("GIT_COMMIT", "The commit that the health report shows").else_is(Value("unknown")),
    Variable::text("BUILD_TIME", "The time of the build that the health report shows").else_is(Value("unknown")),
];

/// Every variable of every section.
pub fn variables() -> impl Iterator<Item = &'static Variable> {
    SECTIONS.iter().flat_map(|section| section.variables)
}

/// The variable with this name or alias.
pub(super) fn find(name: &str) -> Option<&'static Variable> {
    variables().find(|variable| variable.name == name || variable.aliases.contains(&name))
}
