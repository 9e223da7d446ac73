//! A web site that may frame a dashboard ([RFC 6454](https://www.rfc-editor.org/rfc/rfc6454), WHATWG URL).

use std::fmt;
use std::net::Ipv4Addr;

use thiserror::Error;
use url::{Host, Url};

/// An origin in its canonical form: `https://host[:port]`, or `http` for this machine; `https://*.domain[:port]` stands for
/// every name below a domain.
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
    /// A wildcard in another place than the first label, or over names that belong to many.
    #[error(
        "a wildcard is written https://*.domain, and the domain must be one's own, not a public suffix as co.uk or github.io"
    )]
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
        if let Some(foreign) = text.chars().find(|c| !c.is_ascii()) {
            return Err(punycode_of(text).unwrap_or(OriginError::Character(foreign)));
        }
        if text.contains('*') {
            return parse_wildcard(text);
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
        if !is_spelled_like(rest, &host) {
            return Err(OriginError::NotCanonical(canonical));
        }
        Ok(Self(canonical))
    }

    /// The canonical form; unless it is a wildcard, byte for byte what a browser sends in `Origin`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this stands for many sites.
    #[must_use]
    pub fn is_wildcard(&self) -> bool {
        self.below().is_some()
    }

    /// Whether a page of `site` is meant, which must be one site: by equality, or by a wildcard of the same scheme and port over
    /// a domain that `site` is below.
    #[must_use]
    pub fn admits(&self, site: &Self) -> bool {
        !site.is_wildcard() && self.covers(site)
    }

    /// Whether everything that `asked` stands for is meant here as well: whoever registered this may ask for that.
    #[must_use]
    pub fn covers(&self, asked: &Self) -> bool {
        if self == asked {
            return true;
        }
        let Some(below) = self.below() else { return false };
        // The dot and the port are parts of what must follow, so that neither another domain nor another port fits.
        let name = asked.0.strip_prefix(WILDCARD_SCHEME).and_then(|authority| authority.strip_suffix(below));
        name.is_some_and(|name| !name.is_empty())
    }

    /// What follows the star of a wildcard, as `.domain` or `.domain:port`.
    fn below(&self) -> Option<&str> {
        self.0.strip_prefix(WILDCARD_SCHEME)?.strip_prefix('*')
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A wildcard has no other scheme.
const WILDCARD_SCHEME: &str = "https://";

/// The longest domain name and the longest of its labels, in bytes (RFC 1035, section 2.3.4).
const MAX_NAME: usize = 253;
const MAX_LABEL: usize = 63;

/// What a parser would strip or read in its own way, and what would end a directive of a Content-Security-Policy.
fn is_forbidden(c: char) -> bool {
    c.is_control() || c.is_whitespace() || r#"\;,'"%<>^|{}`"#.contains(c)
}

/// A name in another script is to be written as browsers write it; None when that would be no origin either.
fn punycode_of(text: &str) -> Option<OriginError> {
    let url = Url::parse(text).ok()?;
    let spelled = url.origin().ascii_serialization();
    Origin::parse(&spelled).ok().map(|origin| OriginError::NotCanonical(origin.0))
}

/// Reads `https://*.domain[:port]`. The domain must be registered to somebody, by the Public Suffix List.
fn parse_wildcard(text: &str) -> Result<Origin, OriginError> {
    let (scheme, rest) = text.split_once("://").ok_or(OriginError::Form)?;
    let rest = rest.strip_prefix("*.").ok_or(OriginError::Wildcard)?;
    if !scheme.eq_ignore_ascii_case("https") {
        return Err(OriginError::Scheme);
    }
    if rest.contains('*') {
        return Err(OriginError::Wildcard);
    }
    let domain = Origin::parse(&format!("https://{rest}")).map_err(|error| match error {
        OriginError::NotCanonical(_) => OriginError::Host,
        error => error,
    })?;
    let authority = domain.0.strip_prefix(WILDCARD_SCHEME).unwrap_or_default();
    let name = authority.split(':').next().unwrap_or_default();
    let is_numeric = name.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if is_numeric || psl::domain_str(name).is_none() {
        return Err(OriginError::Wildcard);
    }
    Ok(Origin(format!("{WILDCARD_SCHEME}*.{authority}")))
}

fn checked_host(url: &Url) -> Result<String, OriginError> {
    match url.host().ok_or(OriginError::Host)? {
        Host::Ipv4(Ipv4Addr::LOCALHOST) => Ok("127.0.0.1".to_owned()),
        Host::Domain("localhost") => Ok("localhost".to_owned()),
        Host::Domain(name) if name.contains('.') && name.len() <= MAX_NAME && name.split('.').all(is_label) => {
            Ok(name.to_owned())
        }
        Host::Domain(_) | Host::Ipv4(_) | Host::Ipv6(_) => Err(OriginError::Host),
    }
}

/// Letters, digits and hyphens, of which none stands at an end (RFC 1123, section 2.1).
fn is_label(label: &str) -> bool {
    let is_fit = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=MAX_LABEL).contains(&label.len())
        && label.bytes().all(is_fit)
        && !label.starts_with('-')
        && !label.ends_with('-')
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
fn is_spelled_like(authority: &str, host: &str) -> bool {
    authority.split(':').next().unwrap_or_default().eq_ignore_ascii_case(host)
}

#[cfg(test)]
mod tests;
