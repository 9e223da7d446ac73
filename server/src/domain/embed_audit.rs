//! What happens to embed tokens: what may be revoked, and what is written down.

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use jiff::Timestamp;

use super::{ClientId, DashboardId, EmbedClaims, Origin, TokenId};

/// Which tokens, with the sessions that they opened.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Selector {
    /// One token.
    Token(TokenId),
    /// The tokens of one viewer.
    Subject(String),
    /// The tokens of one dashboard.
    Dashboard(DashboardId),
    /// The tokens that one client had issued.
    Client(ClientId),
    /// The tokens of one viewer, among those that one client had issued.
    Viewer {
        /// The client.
        client: ClientId,
        /// Its viewer.
        subject: String,
    },
    /// The tokens that one key signed.
    Key(String),
    /// All tokens.
    All,
}

impl Selector {
    /// The kind, as it is stored.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Token(_) => "token",
            Self::Subject(_) => "subject",
            Self::Dashboard(_) => "dashboard",
            Self::Client(_) => "client",
            Self::Viewer { .. } => "viewer",
            Self::Key(_) => "key",
            Self::All => "all",
        }
    }

    /// What is selected; empty for all.
    #[must_use]
    pub fn value(&self) -> Cow<'_, str> {
        match self {
            Self::Token(id) => (&id.0).into(),
            Self::Subject(value) | Self::Key(value) => value.into(),
            Self::Dashboard(id) => id.as_str().into(),
            Self::Client(id) => (&id.0).into(),
            Self::Viewer { client, subject } => format!("{client}/{subject}").into(),
            Self::All => "".into(),
        }
    }

    /// Every selector that names the token of these claims.
    #[must_use]
    pub fn of(claims: &EmbedClaims) -> [Self; 7] {
        [
            Self::Token(claims.token_id.clone()),
            Self::Subject(claims.subject.clone()),
            Self::Dashboard(claims.dashboard_id.clone()),
            Self::Client(claims.client_id.clone()),
            Self::Viewer { client: claims.client_id.clone(), subject: claims.subject.clone() },
            Self::Key(claims.key_id.clone()),
            Self::All,
        ]
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind(), self.value())
    }
}

/// Something that happened to a token or a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuditAction {
    /// A token was issued.
    Issued,
    /// A token opened a session.
    Redeemed,
    /// A token let a session go on.
    Renewed,
    /// A token with a right signature was refused.
    Refused,
    /// Tokens were revoked.
    Revoked,
}

impl AuditAction {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Issued, Self::Redeemed, Self::Renewed, Self::Refused, Self::Revoked];

    /// The name in the database and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::Redeemed => "redeemed",
            Self::Renewed => "renewed",
            Self::Refused => "refused",
            Self::Revoked => "revoked",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == name)
    }
}

/// Where a call came from, cut so that it names no household: a /24 of IPv4 or a /48 of IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network(IpAddr);

impl Network {
    /// The network of an address.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => {
                let [a, b, c, _] = address.octets();
                Self(Ipv4Addr::new(a, b, c, 0).into())
            }
            IpAddr::V6(address) => {
                let [a, b, c, ..] = address.segments();
                Self(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0).into())
            }
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.0, if self.0.is_ipv4() { 24 } else { 48 })
    }
}

/// One line of the audit. What does not apply is None.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub action: AuditAction,
    /// Which token.
    pub token_id: Option<TokenId>,
    /// Who had it issued, or who revoked.
    pub client_id: Option<ClientId>,
    /// The viewer.
    pub subject: Option<String>,
    /// The dashboard.
    pub dashboard_id: Option<DashboardId>,
    /// The page that showed the frame.
    pub origin: Option<Origin>,
    /// Why a token was refused, such as `TOKEN_EXPIRED`.
    pub reason: Option<String>,
    /// Where the call came from, as [`Network`] writes it.
    pub network: Option<String>,
    /// What was revoked, as [`Selector`] writes it.
    pub detail: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_names_no_household() {
        for (address, network) in [
            ("203.0.113.77", "203.0.113.0/24"),
            ("::ffff:203.0.113.77", "203.0.113.0/24"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ] {
            assert_eq!(Network::of(address.parse().unwrap()).to_string(), network);
        }
    }
}
