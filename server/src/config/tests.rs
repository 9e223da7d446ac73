//! The rules of loading, seen from outside.

use std::num::NonZeroU32;
use std::time::Duration;

use secrecy::ExposeSecret;

use super::*;

const JWT_SECRET: &str = "kT9v+Qm2Lr7Zx4Wc8Yb1Nd6Hf3Js5Pg0";
const BOOTSTRAP: &str = "Aq3Sw5De7Fr9Gt1Hy2Ju4Ki6Lo8Zx";
const API_KEY: &str = "amber_Zm4Xn6Cb8Vv1Bg3Nh5Mj7Kl9";
const SIGNING_KEY: &str = "Pl0Ok9Ij8Uh7Yg6Tf5Rd4Es3Wa2Qz1Xm";
const BEARER: &str = "AAAAbearerOfX";

fn least() -> MapEnv {
    MapEnv::default().with("ADMIN_JWT_SECRET", JWT_SECRET)
}

fn embedding() -> MapEnv {
    least()
        .with("EMBED_ENABLED", "true")
        .with("EMBED_SIGNING_KEY", SIGNING_KEY)
        .with("EMBED_ALLOWED_ORIGINS", "https://partner.example")
        .with("ADMIN_API_KEY", API_KEY)
}

fn config(env: &MapEnv) -> Config {
    Config::load(env).unwrap_or_else(|errors| panic!("{errors}")).config
}

fn refused(env: &MapEnv) -> Vec<String> {
    let errors = Config::load(env).err().map(|errors| errors.0).unwrap_or_default();
    errors.into_iter().map(|mistake| mistake.variable).collect()
}

fn warned(env: &MapEnv) -> Vec<Warning> {
    Config::load(env).unwrap_or_else(|errors| panic!("{errors}")).warnings
}

#[test]
fn one_secret_is_enough_and_everything_else_has_its_default() {
    let loaded = Config::load(&least()).unwrap();
    assert_eq!(loaded.warnings, []);
    let Config {
        secrets_manager,
        server,
        database,
        checkpoints,
        redis,
        admin,
        ingestion,
        x_api,
        embed,
        rate_limit,
        cors,
        build,
        telemetry,
    } = loaded.config;
    assert!(secrets_manager.is_none());
    assert_eq!(server.listen.to_string(), "0.0.0.0:5000");
    assert_eq!(server.public_url, "http://localhost:5000");
    assert!(server.reflection && !server.metrics_require_auth);
    assert_eq!(server.drain, Duration::from_secs(25));
    assert_eq!(database.url.expose_secret(), "sqlite://amber.db?mode=rwc");
    assert_eq!(checkpoints, Checkpoints::Database);
    assert!(redis.is_none());
    assert_eq!(admin.jwt_ttl, Duration::from_hours(1));
    assert!(admin.api_key.is_none() && admin.bootstrap_secret.is_none());
    assert!(!ingestion.enabled && !ingestion.dry_run && ingestion.cron.is_none());
    assert_eq!((ingestion.limit, ingestion.backfill_count), (10, Some(50)));
    assert_eq!(ingestion.deep_every, Some(Duration::from_hours(24)));
    assert_eq!((ingestion.interval, ingestion.overlap), (Duration::from_mins(30), Duration::from_hours(1)));
    assert_eq!(x_api.base_url, "https://api.x.com");
    assert!(!embed.enabled && embed.keys.is_empty() && embed.allowed_origins.is_empty());
    assert_eq!(embed.token_ttl, Duration::from_mins(1));
    assert_eq!((embed.rate.permits.get(), embed.rate.window), (10, Duration::from_mins(1)));
    assert!(rate_limit.enabled);
    assert_eq!((rate_limit.anonymous.permits.get(), rate_limit.anonymous.burst.get()), (60, 60));
    assert_eq!(rate_limit.anonymous, rate_limit.authenticated);
    assert!(cors.allowed_origins.is_empty());
    assert_eq!((build.commit.as_str(), build.build_time.as_str()), ("unknown", "unknown"));
    assert_eq!(build.version, env!("CARGO_PKG_VERSION"));
    assert_eq!((telemetry.log_format, telemetry.log_filter.as_str()), (LogFormat::Json, "info,sqlx=warn"));
}

#[test]
fn every_default_in_the_table_passes_its_own_rule() {
    for variable in variables() {
        let Fallback::Value(value) = variable.fallback else { continue };
        let env = embedding().with("X_INGEST_ENABLED", "true").with("X_API_BEARER", BEARER).with(variable.name, value);
        assert!(!refused(&env).contains(&variable.name.to_owned()), "{}", variable.name);
    }
}

#[test]
fn every_name_stands_for_one_variable() {
    let mut names: Vec<_> = variables().flat_map(|v| v.aliases.iter().chain([&v.name])).collect();
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn every_mistake_is_reported_at_once() {
    let env = MapEnv::default()
        .with("PORT", "70000")
        .with("REFLECTION_ENABLED", "perhaps")
        .with("PUBLIC_URL", "amber")
        .with("DATABASE_URL", "mysql://root@host/db")
        .with("REDIS_URL", "http://host")
        .with("RUST_LOG", "amber=loud=er")
        .with("LOG_FORMAT", "xml")
        .with("X_INGEST_ENABLED", "on")
        .with("X_INGEST_CRON", "daily at six")
        .with("EMBED_ENABLED", "on")
        .with("EMBED_TOKEN_TTL", "301")
        .with("REQUESTS_PER_MINUTE", "0");
    let expected = [
        "PORT",
        "PUBLIC_URL",
        "REFLECTION_ENABLED",
        "DATABASE_URL",
        "REDIS_URL",
        "ADMIN_JWT_SECRET",
        "X_INGEST_CRON",
        "X_API_BEARER",
        "EMBED_ALLOWED_ORIGINS",
        "EMBED_SIGNING_KEY",
        "EMBED_TOKEN_TTL",
        "REQUESTS_PER_MINUTE",
        "LOG_FORMAT",
        "RUST_LOG",
    ];
    assert_eq!(refused(&env), expected);
    let text = Config::load(&env).unwrap_err().to_string();
    assert!(
        text.starts_with("the configuration has 14 mistakes\n  PORT: 70000 is out of range; write a whole"),
        "{text}"
    );
}

#[test]
fn an_empty_value_counts_as_not_set() {
    assert_eq!(config(&least().with("PORT", "").with("REDIS_URL", " ")).server.listen.port(), 5_000);
    assert_eq!(refused(&MapEnv::default().with("ADMIN_JWT_SECRET", "")), ["ADMIN_JWT_SECRET"]);
}

#[test]
fn the_older_names_mean_the_same() {
    let env = least().with("TWITTER_ENABLED", "true").with("TWITTER_BEARER_TOKEN", "dummy").with("TWITTER_LIMIT", "7");
    let loaded = Config::load(&env).unwrap();
    assert!(loaded.config.ingestion.enabled);
    assert_eq!(loaded.config.ingestion.limit, 7);
    assert_eq!(loaded.config.x_api.bearer.unwrap().expose_secret(), "dummy");
    assert_eq!(loaded.warnings, []);

    let both = least().with("TWITTER_LIMIT", "7").with("X_INGEST_LIMIT", "8");
    assert_eq!(config(&both).ingestion.limit, 8);
    assert_eq!(warned(&both)[0].variable, "TWITTER_LIMIT");
    assert_eq!(
        refused(&least().with("X_INGEST_ENABLED", "1").with("X_API_BEARER", "x").with("TWITTER_LIMIT", "many")),
        ["TWITTER_LIMIT"]
    );
}

#[test]
fn a_secret_may_come_from_a_file() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("{JWT_SECRET}\r\n")).unwrap();
    let path = file.path().to_str().unwrap();
    let env = MapEnv::default().with("ADMIN_JWT_SECRET_FILE", path);
    assert_eq!(config(&env).admin.jwt_secret.expose_secret(), JWT_SECRET);
    assert_eq!(warned(&env), []);

    assert_eq!(refused(&env.clone().with("ADMIN_JWT_SECRET", JWT_SECRET)), ["ADMIN_JWT_SECRET_FILE"]);
    assert_eq!(refused(&env.with("ADMIN_JWT_SECRET_FILE", "/nowhere/at/all")), ["ADMIN_JWT_SECRET_FILE"]);
    std::fs::write(file.path(), format!("{JWT_SECRET}\n\n")).unwrap();
    assert_eq!(refused(&MapEnv::default().with("ADMIN_JWT_SECRET_FILE", path)), ["ADMIN_JWT_SECRET_FILE"]);
    std::fs::write(file.path(), "\n").unwrap();
    let empty = least().with("X_API_BEARER_FILE", path);
    assert_eq!(refused(&empty.clone().with("X_INGEST_ENABLED", "1")), ["X_API_BEARER_FILE"]);
    assert_eq!(warned(&empty)[0].variable, "X_API_BEARER_FILE", "what is not used does not stop anybody");
}

#[test]
fn no_secret_is_ever_shown() {
    let secrets = [JWT_SECRET, BOOTSTRAP, API_KEY, SIGNING_KEY, BEARER, "db-password", "redis-password"];
    let env = embedding()
        .with("ADMIN_BOOTSTRAP_SECRET", BOOTSTRAP)
        .with("X_INGEST_ENABLED", "true")
        .with("X_API_BEARER", BEARER)
        .with("DATABASE_URL", "postgres://amber:db-password@host/amber")
        .with("REDIS_URL", "redis://:redis-password@host");
    let config = config(&env);
    assert_eq!(config.embed.keys[0].1.expose(), SIGNING_KEY.as_bytes());
    let shown = format!("{config:?} {config:#?} {}", config.summary());
    assert!(shown.contains("database=postgres redis=true") && shown.contains("https://partner.example"), "{shown}");
    for secret in secrets {
        assert!(!shown.contains(secret), "{secret} in {shown}");
        assert!(!shown.contains(&format!("{:?}", secret.as_bytes())), "{secret} as bytes");
    }
}

#[test]
fn a_refused_secret_is_not_shown_either() {
    let env = MapEnv::default()
        .with("ADMIN_JWT_SECRET", "hush-jwt")
        .with("ADMIN_API_KEY", "hush-key with a space 0123456789")
        .with("ADMIN_BOOTSTRAP_SECRET", "hush-boot")
        .with("DATABASE_URL", "hush-db://hush")
        .with("REDIS_URL", "redis:///hush-redis")
        .with("X_INGEST_ENABLED", "true")
        .with("X_API_BEARER", "hush bearer")
        .with("EMBED_ENABLED", "true")
        .with("EMBED_ALLOWED_ORIGINS", "https://a.example")
        .with("EMBED_SIGNING_KEYS", "k1:hush,hush-id,k3:aHVzaA==");
    let errors = Config::load(&env).unwrap_err();
    assert_eq!(errors.0.len(), 9, "{errors}");
    assert!(!format!("{errors} {errors:?}").contains("hush"), "{errors}");
    assert!(!format!("{errors} {errors:?}").contains("aHVza"), "{errors}");
}

#[test]
fn no_two_secrets_may_be_equal() {
    assert_eq!(refused(&least().with("ADMIN_API_KEY", JWT_SECRET)), ["ADMIN_API_KEY"]);
    assert_eq!(refused(&embedding().with("EMBED_SIGNING_KEY", JWT_SECRET)), ["EMBED_SIGNING_KEY"]);
    let admin_key_as_base64 = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, JWT_SECRET);
    let env = embedding().with("EMBED_SIGNING_KEY", "").with("EMBED_SIGNING_KEYS", format!("k1:{admin_key_as_base64}"));
    assert_eq!(refused(&env), ["EMBED_SIGNING_KEYS (key k1)"]);
}

#[test]
fn the_first_key_of_the_ring_signs() {
    use base64::Engine;
    let new: Vec<u8> = (100..148).collect();
    let old = SIGNING_KEY.as_bytes();
    let ring = format!(
        "k2:{}, k1:{}",
        base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(&new),
        base64::prelude::BASE64_STANDARD.encode(old)
    );
    let env = embedding().with("EMBED_SIGNING_KEY", "").with("EMBED_SIGNING_KEYS", ring.clone());
    let keys = config(&env).embed.keys;
    assert_eq!(keys.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["k2", "k1"]);
    assert_eq!((keys[0].1.expose(), keys[1].1.expose()), (new.as_slice(), old));

    assert_eq!(config(&embedding()).embed.keys[0].0, "k1", "a lone key can be moved into a ring");
    assert_eq!(refused(&env.clone().with("EMBED_SIGNING_KEY", SIGNING_KEY)), ["EMBED_SIGNING_KEY"]);
    let twice = format!("{ring},k1:{}", base64::prelude::BASE64_STANDARD.encode([7; 40]));
    assert_eq!(refused(&env.with("EMBED_SIGNING_KEYS", twice)), ["EMBED_SIGNING_KEYS"]);
}

#[test]
fn a_part_that_is_off_may_hold_mistakes() {
    let env = least().with("EMBED_SIGNING_KEY", "CHANGE_ME").with("X_INGEST_LIMIT", "many");
    let loaded = Config::load(&env).unwrap();
    assert!(loaded.config.embed.keys.is_empty());
    assert_eq!(loaded.config.ingestion.limit, 10, "the default stands in");
    assert_eq!(
        loaded.warnings.iter().map(|w| w.variable.as_str()).collect::<Vec<_>>(),
        ["X_INGEST_LIMIT", "EMBED_SIGNING_KEY"]
    );
    assert_eq!(refused(&env.with("EMBED_ENABLED", "true")), ["EMBED_ALLOWED_ORIGINS", "EMBED_SIGNING_KEY"]);
}

#[test]
fn embedding_that_nobody_can_use_is_pointed_out() {
    assert_eq!(warned(&embedding().with("ADMIN_API_KEY", ""))[0].variable, "EMBED_ENABLED");
    assert_eq!(warned(&embedding()), []);
}

#[test]
fn the_port_of_the_address_wins_over_the_port_alone() {
    let listen = |env: &MapEnv| config(env).server.listen.to_string();
    assert_eq!(listen(&least().with("PORT", "8080")), "0.0.0.0:8080");
    assert_eq!(config(&least().with("PORT", "8080")).server.public_url, "http://localhost:8080");
    assert_eq!(listen(&least().with("LISTEN_ADDR", "127.0.0.1").with("PORT", "8080")), "127.0.0.1:8080");
    let both = least().with("LISTEN_ADDR", "127.0.0.1:9090").with("PORT", "8080");
    assert_eq!(listen(&both), "127.0.0.1:9090");
    assert_eq!(warned(&both)[0].variable, "PORT");
}

#[test]
fn the_burst_follows_the_rate_unless_it_is_set() {
    let quotas = |env: &MapEnv| {
        let RateLimit { anonymous, authenticated, .. } = config(env).rate_limit;
        [anonymous.permits, anonymous.burst, authenticated.permits, authenticated.burst].map(NonZeroU32::get)
    };
    let env = least().with("REQUESTS_PER_MINUTE", "30");
    assert_eq!(quotas(&env), [30, 30, 30, 30]);
    let env = env.with("AUTHENTICATED_REQUESTS_PER_MINUTE", "90");
    assert_eq!(quotas(&env), [30, 30, 90, 90]);
    assert_eq!(quotas(&env.with("BURST_SIZE", "5")), [30, 5, 90, 5]);
}

#[test]
fn a_slip_of_the_pen_is_answered_with_the_nearest_name() {
    for (name, says) in [
        ("EMBED_TOKEN_TLT", "EMBED_TOKEN_TTL"),
        ("REQUEST_PER_MINUTE", "REQUESTS_PER_MINUTE"),
        ("X_INGEST_INTERVAL", "X_INGEST_INTERVAL_MINUTES"),
        ("EMBED_COLOUR_SCHEME", "does nothing"),
        ("EMBED_TOKEN_TTL_FILE", "EMBED"),
        ("FACEBOOK_ENABLED", "X alone"),
        ("NEWS_LIMIT", "X alone"),
        ("POST_LIMIT", "X alone"),
    ] {
        let warnings = warned(&least().with(name, "1"));
        assert!(
            warnings.len() == 1 && warnings[0].variable == name && warnings[0].message.contains(says),
            "{warnings:?}"
        );
    }
    for name in [
        "PATH",
        "HOME",
        "SORT",
        "AWS_REGION",
        "RUST_BACKTRACE",
        "OTEL_RESOURCE_ATTRIBUTES",
        "AMBER_BACKEND_SERVICE_HOST",
        "NODE_ENV",
    ] {
        assert_eq!(warned(&least().with(name, "1")), [], "{name}");
    }
}

#[test]
fn a_secret_store_is_asked_for_by_name_and_place() {
    let with_store = |name: &str| least().with("SECRETS_MANAGER_ENABLED", "on").with("SECRETS_MANAGER_PROVIDER", name);
    assert_eq!(refused(&least().with("SECRETS_MANAGER_ENABLED", "true")), ["SECRETS_MANAGER_PROVIDER"]);
    assert_eq!(refused(&with_store("aws-ssm")), ["AWS_REGION"]);
    assert_eq!(refused(&with_store("aws-secrets").with("AWS_REGION", "eu west")), ["AWS_REGION"]);
    assert_eq!(refused(&with_store("gcp-secret-manager")), ["GOOGLE_CLOUD_PROJECT"]);
    let errors = Config::load(&with_store("vault")).unwrap_err();
    for choice in ["vault", "aws-ssm", "aws-secrets", "gcp-secret-manager"] {
        assert!(errors.to_string().contains(choice), "{errors}");
    }

    let aws = with_store("aws-ssm").with("AWS_REGION", "eu-west-1");
    let manager = config(&aws).secrets_manager.unwrap();
    assert_eq!(manager.store, CloudStore::AwsSsm { region: "eu-west-1".to_owned() });
    assert_eq!((manager.prefix.as_str(), manager.endpoint), ("/amber/prod/", None));
    assert_eq!((manager.timeout, manager.poll), (Duration::from_secs(15), Some(Duration::from_mins(5))));
    assert_eq!(config(&aws.clone().with("SECRETS_POLL_SECONDS", "0")).secrets_manager.unwrap().poll, None);
    for prefix in ["amber/prod/", "/amber prod/"] {
        assert_eq!(refused(&aws.clone().with("SECRETS_PREFIX", prefix)), ["SECRETS_PREFIX"], "{prefix}");
    }
    assert_eq!(manager.names, None);
    let some = aws.clone().with("SECRETS_NAMES", "ADMIN_JWT_SECRET, TWITTER_BEARER_TOKEN,");
    let names = config(&some).secrets_manager.unwrap().names;
    assert_eq!(names, Some(vec!["ADMIN_JWT_SECRET", "TWITTER_BEARER_TOKEN"]));
    for names in ["ADMIN_JWT_SECRET,PORT", "admin_jwt_secret", "DATABASE_URL REDIS_URL"] {
        assert_eq!(refused(&aws.clone().with("SECRETS_NAMES", names)), ["SECRETS_NAMES"], "{names}");
    }

    let off = least().with("SECRETS_MANAGER_ENABLED", "off").with("SECRETS_MANAGER_PROVIDER", "vault");
    assert_eq!(warned(&off), []);
    assert!(config(&off).secrets_manager.is_none());
}

#[test]
fn tls_is_spoken_with_both_files_and_refused_with_one() {
    assert!(config(&least()).server.tls.is_none());
    let with_certificate = least().with("TLS_CERT_PATH", "/tls/tls.crt");
    assert_eq!(refused(&with_certificate), ["TLS_KEY_PATH"]);
    assert_eq!(refused(&least().with("TLS_KEY_PATH", "/tls/tls.key")), ["TLS_CERT_PATH"]);
    let server = config(&with_certificate.with("TLS_KEY_PATH", "/tls/tls.key")).server;
    assert_eq!(server.tls, Some(Tls { certificate: "/tls/tls.crt".into(), key: "/tls/tls.key".into() }));
    assert_eq!(server.public_url, "https://localhost:5000");
}

#[test]
fn checkpoints_go_to_files_only_when_told() {
    let env = least().with("CHECKPOINT_DIR", "/data/checkpoints");
    assert_eq!(config(&env).checkpoints, Checkpoints::Database);
    assert_eq!(warned(&env)[0].variable, "CHECKPOINT_DIR", "nobody should rely on a folder that stays empty");
    let env = env.with("CHECKPOINT_STORE", "file");
    assert_eq!((config(&env).checkpoints, warned(&env).len()), (Checkpoints::Files("/data/checkpoints".into()), 0));
    let unnamed = config(&least().with("CHECKPOINT_STORE", "file")).checkpoints;
    assert_eq!(unnamed, Checkpoints::Files("checkpoints".into()));
    assert_eq!(refused(&least().with("CHECKPOINT_STORE", "redis")), ["CHECKPOINT_STORE"]);
}

#[test]
fn the_bearer_token_may_come_from_a_file_under_both_names() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("{BEARER}\n")).unwrap();
    let path = file.path().to_str().unwrap();
    for name in ["X_API_BEARER_FILE", "TWITTER_BEARER_TOKEN_FILE"] {
        let env = least().with("X_INGEST_ENABLED", "true").with(name, path);
        let x_api = config(&env).x_api;
        assert_eq!((x_api.bearer.unwrap().expose_secret(), x_api.bearer_file.as_deref()), (BEARER, Some(file.path())));
        assert_eq!(warned(&env), []);
        assert_eq!(refused(&env.clone().with("TWITTER_BEARER_TOKEN", "another")), [name]);

        std::fs::write(file.path(), "newer").unwrap();
        assert_eq!(XApi::read_bearer(&env).unwrap().unwrap().expose_secret(), "newer", "the file is read anew");
        std::fs::write(file.path(), "no header\ncan carry it").unwrap();
        assert!(!XApi::read_bearer(&env).unwrap_err().to_string().contains("carry it"));
        std::fs::write(file.path(), format!("{BEARER}\n")).unwrap();
    }
    let both = least().with("X_API_BEARER_FILE", path).with("TWITTER_BEARER_TOKEN_FILE", "/elsewhere");
    assert_eq!(warned(&both)[0].variable, "TWITTER_BEARER_TOKEN_FILE");
    assert!(config(&least().with("X_API_BEARER", BEARER)).x_api.bearer_file.is_none());
}

#[test]
fn no_budget_of_posts_is_no_bound() {
    let budget = |env: &MapEnv| config(env).x_api.monthly_post_budget;
    assert_eq!((budget(&least()), budget(&least().with("X_MONTHLY_POST_BUDGET", "0"))), (None, None));
    assert_eq!(budget(&least().with("X_MONTHLY_POST_BUDGET", "15000")), Some(15_000));
}

#[test]
fn commands_on_the_database_need_no_other_variable() {
    let env = MapEnv::default().with("DATABASE_URL", "postgresql+psycopg2://u:p@h/d").with("EMBED_TOKEN_TTL", "bad");
    assert_eq!(Database::load(&env).unwrap().url.expose_secret(), "postgresql+psycopg2://u:p@h/d");
    assert!(Database::load(&env.with("DATABASE_MAX_CONNECTIONS", "0")).is_err());
}

#[test]
fn a_run_by_hand_needs_a_bearer_token_and_no_switch() {
    let loaded = IngestRun::load(&MapEnv::default().with("TWITTER_BEARER_TOKEN", BEARER)).unwrap();
    assert!(!loaded.ingestion.enabled);
    assert_eq!(loaded.x_api.bearer.unwrap().expose_secret(), BEARER);
    let errors = IngestRun::load(&MapEnv::default().with("X_INGEST_LIMIT", "many")).unwrap_err();
    let variables: Vec<_> = errors.0.iter().map(|mistake| mistake.variable.as_str()).collect();
    assert_eq!(variables, ["X_INGEST_LIMIT", "X_API_BEARER"], "the switch is off, and yet nothing is forgiven");
}

#[test]
fn a_token_is_issued_without_any_other_secret_but_not_while_embedding_is_off() {
    let env = MapEnv::default()
        .with("EMBED_ENABLED", "true")
        .with("EMBED_SIGNING_KEY", SIGNING_KEY)
        .with("EMBED_ALLOWED_ORIGINS", "https://partner.example")
        .with("PORT", "8080");
    let loaded = TokenIssue::load(&env).unwrap();
    assert_eq!((loaded.public_url.as_str(), loaded.embed.keys.len()), ("http://localhost:8080", 1));
    let errors = TokenIssue::load(&env.with("EMBED_ENABLED", "false")).unwrap_err();
    assert!(errors.0.len() == 1 && errors.0[0].variable == "EMBED_ENABLED", "{errors}");
}
