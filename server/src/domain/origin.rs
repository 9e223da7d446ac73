//! A web site that may frame a dashboard ([RFC 6454](https://www.rfc-editor.org/rfc/rfc6454), WHATWG URL).

use std::fmt;
use std::net::Ipv4Addr;

use thiserror::Error;
use url::{Host, Url};

/// An origin in its canonical form: `https://host[:port]`, or `http` for this machine.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(String);

/// Why a text is no origin that may frame a dashboard.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OriginError {
    /// A character that a URL parser or a Content-Security-Policy would read in its own way.
    #[error("an origin must not hold the character {0:?}")]
    Character(char),
    /// Not of the form `scheme://host`.
    #[error("an origin is written https://host or https://host:port")]
    Form,
    /// Neither https nor http on this machine.
    #[error("an origin must use https (http only for localhost and 127.0.0.1)")]
    Scheme,
    /// A user name, path, query or fragment.
    #[error("an origin has no user name, path, query or fragment")]
    Extra,
    /// A host that no browser could match exactly.
    #[error("the host must be a full domain name in its ASCII form, localhost or 127.0.0.1")]
    Host,
    /// Port 0, or no number.
    #[error("the port must be a number between 1 and 65535")]
    Port,
    /// Not written as browsers write it.
    #[error("write the origin as {0}")]
    NotCanonical(String),
    /// A wildcard.
    #[error("wildcards are not supported; list each origin")]
    Wildcard,
}

impl Origin {
    /// Reads an origin by strict rules: what is ambiguous is refused, not mended.
    ///
    /// Only a difference of letter case, a default port and one trailing slash are forgiven.
    ///
    /// # Errors
    /// The first rule that the text breaks.
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        if let Some(bad) = text.chars().find(|c| is_forbidden(*c)) {
            return Err(OriginError::Character(bad));
        }
        if text.contains('*') {
            return Err(OriginError::Wildcard);
        }
        let (_, rest) = text.split_once("://").ok_or(OriginError::Form)?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains(['/', '?', '#', '@']) {
            return Err(OriginError::Extra);
        }
        let url = Url::parse(text).map_err(|_| OriginError::Form)?;
        let host = checked_host(&url)?;
        check_scheme(&url, &host)?;
        let port = checked_port(rest)?;
        let canonical = match port {
            Some(port) if url.port().is_some() => format!("{}://{host}:{port}", url.scheme()),
            _ => format!("{}://{host}", url.scheme()),
        };
        if !is_spelled_like(rest, &canonical, port) {
            return Err(OriginError::NotCanonical(canonical));
        }
        Ok(Self(canonical))
    }

    /// The canonical form, byte for byte what a browser sends in `Origin`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_forbidden(c: char) -> bool {
    c.is_control() || c.is_whitespace() || !c.is_ascii() || r#"\;,'"%<>^|{}`"#.contains(c)
}

fn checked_host(url: &Url) -> Result<String, OriginError> {
    match url.host().ok_or(OriginError::Host)? {
        Host::Ipv4(Ipv4Addr::LOCALHOST) => Ok("127.0.0.1".to_owned()),
        Host::Domain("localhost") => Ok("localhost".to_owned()),
        Host::Domain(name) => {
            let labels_fit = name.contains('.') && !name.ends_with('.') && !name.contains('_');
            labels_fit.then(|| name.to_owned()).ok_or(OriginError::Host)
        }
        Host::Ipv4(_) | Host::Ipv6(_) => Err(OriginError::Host),
    }
}

fn check_scheme(url: &Url, host: &str) -> Result<(), OriginError> {
    match url.scheme() {
        "https" => Ok(()),
        "http" if matches!(host, "localhost" | "127.0.0.1") => Ok(()),
        _ => Err(OriginError::Scheme),
    }
}

/// The port as written, so that `:0` and an empty port are seen; URL parsers forgive them.
fn checked_port(authority: &str) -> Result<Option<u16>, OriginError> {
    let Some((_, digits)) = authority.split_once(':') else { return Ok(None) };
    let well_formed = !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
    match digits.parse::<u16>() {
        Ok(port) if well_formed && port > 0 => Ok(Some(port)),
        _ => Err(OriginError::Port),
    }
}

/// Whether the host was written as it is meant: a parser turns `127.1` and `0x7f.1` into 127.0.0.1.
fn is_spelled_like(authority: &str, canonical: &str, port: Option<u16>) -> bool {
    let host = authority.split(':').next().unwrap_or_default();
    let meant = canonical.split_once("://").map_or("", |(_, rest)| rest);
    let meant = match port {
        Some(_) => meant.split(':').next().unwrap_or_default(),
        None => meant,
    };
    host.eq_ignore_ascii_case(meant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_default_port_and_one_slash_are_forgiven() {
        for (text, canonical) in [
            ("https://partner.example", "https://partner.example"),
            ("HTTPS://Partner.Example:443/", "https://partner.example"),
            ("https://partner.example:8443", "https://partner.example:8443"),
            ("http://localhost:5000", "http://localhost:5000"),
            ("http://127.0.0.1", "http://127.0.0.1"),
            ("https://xn--11b4c3d.example", "https://xn--11b4c3d.example"),
        ] {
            assert_eq!(Origin::parse(text).map(|o| o.0), Ok(canonical.to_owned()), "{text}");
        }
    }

    #[test]
    fn tricks_are_refused_by_their_rule() {
        use OriginError::{Character, Extra, Form, Host, NotCanonical, Port, Scheme, Wildcard};
        for (text, error) in [
            ("", Form),
            ("null", Form),
            ("partner.example", Form),
            ("data:text/html,x", Character(',')),
            ("https://a.example;script-src *", Character(';')),
            ("https://a.example, https://b.example", Character(',')),
            ("https://a.example\u{9}", Character('\u{9}')),
            ("https:\\\\a.example", Character('\\')),
            ("https://नाम.example", Character('न')),
            ("https://a.example%2f", Character('%')),
            ("https://*.example.com", Wildcard),
            ("http://a.example", Scheme),
            ("ftp://a.example", Scheme),
            ("https://a.example/path", Extra),
            ("https://a.example//", Extra),
            ("https://a.example?q", Extra),
            ("https://a.example#f", Extra),
            ("https://user@a.example", Extra),
            ("https://a.example.", Host),
            ("https://intranet", Host),
            ("https://a_b.example", Host),
            ("https://[::1]", Host),
            ("https://10.0.0.1", Host),
            ("https://a.example:0", Port),
            ("https://a.example:", Port),
            ("https://a.example:0443", Port),
            ("http://127.1", NotCanonical("http://127.0.0.1".into())),
            ("http://0x7f.0.0.1", NotCanonical("http://127.0.0.1".into())),
        ] {
            assert_eq!(Origin::parse(text), Err(error), "{text}");
        }
    }
}
