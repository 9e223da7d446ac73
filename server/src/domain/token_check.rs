//! The checks that an embed token must pass, in their order.

/// One check of a token or a session. Every check is always made; the tests alone can leave one out, to prove that it keeps something
/// out that no other check does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenCheck {
    /// Not longer than any token can be.
    Length,
    /// Three parts and no more.
    Parts,
    /// A short header with three known keys alone.
    Header,
    /// HS256 and nothing else.
    Algorithm,
    /// Of the kind that is asked for: a token is no session, nor the credential of an admin.
    Kind,
    /// A key of the ring, and no other one is tried.
    Key,
    /// The MAC.
    Mac,
    /// Known claims alone.
    Claims,
    /// Each claim of its form.
    Form,
    /// Amber issued it.
    Issuer,
    /// For frames.
    Audience,
    /// Not for longer than any token lives.
    Lifetime,
    /// Not over.
    Expiry,
    /// Begun.
    Start,
    /// The client that had it issued is still known.
    Client,
    /// Not revoked.
    Revocation,
    /// For the dashboard that is framed.
    Dashboard,
    /// The dashboard was not deleted.
    Deletion,
    /// Every site of it is still registered.
    Registration,
    /// The framing site is one of its own.
    Origin,
    /// Not used before.
    FirstUse,
    /// The session that it shall renew is of the same client.
    SameClient,
    /// The session that it shall renew is of the same viewer.
    SameViewer,
    /// The session is not over.
    SessionEnd,
}

impl TokenCheck {
    /// Whether the check is made, which it always is.
    #[cfg(not(test))]
    #[inline]
    pub(crate) const fn is_made(self) -> bool {
        let _ = self;
        true
    }

    /// Whether the check is made: unless this thread's test left it out.
    #[cfg(test)]
    pub(crate) fn is_made(self) -> bool {
        LEFT_OUT.get() != Some(self)
    }

    /// Does `work` while this thread leaves the check out.
    #[cfg(test)]
    pub(crate) fn left_out<T>(self, work: impl FnOnce() -> T) -> T {
        LEFT_OUT.set(Some(self));
        let result = work();
        LEFT_OUT.set(None);
        result
    }
}

#[cfg(test)]
thread_local! {
    static LEFT_OUT: std::cell::Cell<Option<TokenCheck>> = const { std::cell::Cell::new(None) };
}
