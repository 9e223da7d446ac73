//! Which Redis replicas share: one server, the primary that Sentinels name, or a cluster.

use std::fmt;
use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use url::Url;

/// The Redis that replicas share.
#[derive(Debug, Clone, Default)]
pub struct Redis {
    /// How the servers belong together.
    pub layout: Layout,
    /// The servers that are named, or the Sentinels, each as `redis://` or `rediss://`; they may hold a password.
    pub nodes: Vec<SecretString>,
    /// The certificates of the authorities that vouch for the servers, as PEM; None: those that browsers trust.
    pub authorities: Option<String>,
}

/// How the servers belong together.
#[derive(Debug, Clone, Default)]
pub enum Layout {
    /// There is one.
    #[default]
    Single,
    /// Sentinels say which one is the primary.
    Sentinel {
        /// What they call it.
        service: String,
        /// User, password and database of the primary, as the URL of a server that does not exist.
        primary: SecretString,
    },
    /// Each keeps a part.
    Cluster,
}

/// Why a text names no Redis. It does not hold the text, which may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BadRedisUrl {
    /// It does not begin with a known scheme.
    #[error("does not begin with redis:// or rediss://")]
    Scheme,
    /// A server that it names is none.
    #[error("names no host, or one that cannot be understood")]
    Host,
    /// Sentinels are named without what they call the primary.
    #[error("names Sentinels without the service that they watch")]
    Service,
    /// Something follows that does not belong there.
    #[error("goes on in a way that cannot be understood")]
    Rest,
}

impl BadRedisUrl {
    /// How to write it.
    #[must_use]
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Scheme | Self::Host => "write redis://user:password@host:port/number",
            Self::Service => "write redis+sentinel://user:password@sentinel:26379,sentinel:26379/service/number",
            Self::Rest => "write redis+cluster://user:password@node:6379,node:6379 without more",
        }
    }
}

impl Redis {
    /// Whether it is reached through TLS.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.nodes.iter().all(|node| node.expose_secret().starts_with("rediss:"))
    }

    fn new(layout: Layout, nodes: Vec<SecretString>) -> Self {
        Self { layout, nodes, authorities: None }
    }
}

impl FromStr for Redis {
    type Err = BadRedisUrl;

    /// Reads `redis://user:password@host:port/number`, `redis+sentinel://user:password@host:port,host:port/service/number`
    /// with `?sentinel_password=` where Sentinels want one, and `redis+cluster://user:password@host:port,host:port`. With
    /// `rediss` they are reached through TLS. A hyphen means the same as the plus sign.
    fn from_str(text: &str) -> Result<Self, BadRedisUrl> {
        let (scheme, rest) = text.split_once("://").ok_or(BadRedisUrl::Scheme)?;
        let scheme = scheme.to_ascii_lowercase().replace('-', "+");
        let (base, kind) = scheme.split_once('+').unwrap_or((&scheme, ""));
        if !["redis", "rediss"].contains(&base) {
            return Err(BadRedisUrl::Scheme);
        }
        let parts = Parts::of(base, rest);
        match kind {
            "" => {
                let url = format!("{base}://{rest}");
                let has_host = Url::parse(&url).is_ok_and(|url| url.host_str().is_some_and(|host| !host.is_empty()));
                has_host.then(|| Self::new(Layout::Single, vec![url.into()])).ok_or(BadRedisUrl::Host)
            }
            "sentinel" => parts.sentinel(),
            "cluster" if parts.path.is_empty() && parts.query.is_empty() => {
                Ok(Self::new(Layout::Cluster, parts.nodes(parts.user, 6_379)?))
            }
            "cluster" => Err(BadRedisUrl::Rest),
            _ => Err(BadRedisUrl::Scheme),
        }
    }
}

/// `user@hosts/path?query`.
struct Parts<'a> {
    base: &'a str,
    /// With its at sign, or empty.
    user: &'a str,
    hosts: &'a str,
    path: &'a str,
    query: &'a str,
}

impl<'a> Parts<'a> {
    fn of(base: &'a str, rest: &'a str) -> Self {
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, hosts) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
        Self { base, user, hosts, path, query }
    }

    fn nodes(&self, user: impl fmt::Display, port: u16) -> Result<Vec<SecretString>, BadRedisUrl> {
        let node = |host: &str| {
            let url = Url::parse(&format!("redis://{}", host.trim())).map_err(|_| BadRedisUrl::Host)?;
            let name = url.host_str().filter(|name| !name.is_empty()).ok_or(BadRedisUrl::Host)?;
            Ok(format!("{}://{user}{name}:{}", self.base, url.port().unwrap_or(port)).into())
        };
        self.hosts.split(',').map(node).collect()
    }

    fn sentinel(&self) -> Result<Redis, BadRedisUrl> {
        let (service, number) = self.path.split_once('/').unwrap_or((self.path, "0"));
        if service.is_empty() {
            return Err(BadRedisUrl::Service);
        }
        if number.parse::<u16>().is_err() {
            return Err(BadRedisUrl::Rest);
        }
        // The password as it is written, so that what it quotes stays quoted.
        let password = match self.query.split_once('=') {
            None if self.query.is_empty() => String::new(),
            Some(("sentinel_password", password)) if !password.contains(['&', '@', '/']) => format!(":{password}@"),
            _ => return Err(BadRedisUrl::Rest),
        };
        let primary = format!("{}://{}primary.invalid/{number}", self.base, self.user).into();
        let layout = Layout::Sentinel { service: service.to_owned(), primary };
        Ok(Redis::new(layout, self.nodes(password, 26_379)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(redis: &Redis) -> Vec<&str> {
        redis.nodes.iter().map(ExposeSecret::expose_secret).collect()
    }

    #[test]
    fn one_server_is_named_by_its_url() {
        let redis: Redis = "rediss://asha:hush@host:6380/1".parse().unwrap();
        assert_eq!(nodes(&redis), ["rediss://asha:hush@host:6380/1"]);
        assert!(matches!(redis.layout, Layout::Single) && redis.is_encrypted());
    }

    #[test]
    fn sentinels_have_a_password_of_their_own() {
        let text = "redis+sentinel://asha:h%40sh@a,[2001:db8::1]:7/main/2?sentinel_password=quiet";
        let redis: Redis = text.parse().unwrap();
        assert_eq!(nodes(&redis), ["redis://:quiet@a:26379", "redis://:quiet@[2001:db8::1]:7"]);
        let Layout::Sentinel { service, primary } = &redis.layout else { panic!("{redis:?}") };
        assert_eq!((service.as_str(), primary.expose_secret()), ("main", "redis://asha:h%40sh@primary.invalid/2"));
        let plain: Redis = "rediss-sentinel://a:1/main".parse().unwrap();
        assert!(nodes(&plain) == ["rediss://a:1"] && plain.is_encrypted());
    }

    #[test]
    fn the_nodes_of_a_cluster_share_a_password() {
        let redis: Redis = "redis-cluster://:hush@a:1, b".parse().unwrap();
        assert_eq!(nodes(&redis), ["redis://:hush@a:1", "redis://:hush@b:6379"]);
        assert!(matches!(redis.layout, Layout::Cluster) && !redis.is_encrypted());
    }

    #[test]
    fn what_names_no_redis_is_refused_and_not_shown() {
        use BadRedisUrl::{Host, Rest, Scheme, Service};
        for (text, why) in [
            ("", Scheme),
            ("hush", Scheme),
            ("http://:hush@a", Scheme),
            ("redis+proxy://:hush@a", Scheme),
            ("redis://:hush@", Host),
            ("redis:///hush", Host),
            ("redis://:hush@a:port", Host),
            ("redis+cluster://:hush@", Host),
            ("redis+cluster://:hush@a,,b", Host),
            ("redis+cluster://:hush@a/1", Rest),
            ("redis+sentinel://:hush@a", Service),
            ("redis+sentinel://:hush@a/?x=1", Service),
            ("redis+sentinel://:hush@a/main/x", Rest),
            ("redis+sentinel://:hush@a/main?password=hush", Rest),
        ] {
            let refused = text.parse::<Redis>().unwrap_err();
            assert_eq!(refused, why, "{text}");
            assert!(!format!("{refused} {refused:?} {}", refused.remedy()).contains("hush"));
        }
        let redis: Redis = "redis+sentinel://:hush@a/main?sentinel_password=hush".parse().unwrap();
        assert!(!format!("{redis:?}").contains("hush"), "{redis:?}");
    }
}
