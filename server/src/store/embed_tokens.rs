//! Which embed tokens were used, and which are revoked.

use async_trait::async_trait;
use jiff::Timestamp;
use sea_orm::sea_query::{Condition, Expr, ExprTrait, OnConflict, Query, UnionType};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, Set};

use super::embed_audit::append;
use super::entity::{dashboards, embed_revocations, embed_tokens_used};
use super::purge::{Old, PORTION};
use super::{Error, Store};
use crate::domain::{AuditEvent, EmbedClaims, Selector};

/// What became of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consumed {
    /// It was used for the first time; the event is written down.
    First,
    /// It was used before; nothing is written.
    Replayed,
    /// It was revoked; nothing is written.
    Revoked,
    /// Its dashboard was deleted; nothing is written.
    DashboardDeleted,
}

/// What the database knows against a token or a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing.
    Good,
    /// It is revoked.
    Revoked,
    /// Its dashboard was deleted.
    DashboardDeleted,
}

/// Knows which embed tokens were used or revoked.
#[async_trait]
pub trait EmbedTokens: Send + Sync {
    /// Uses up a token and writes the event down, in one transaction; [`Consumed::First`] for the first caller only, whatever
    /// their number.
    ///
    /// # Errors
    /// When the database fails; the token must then not be admitted.
    async fn consume(&self, claims: &EmbedClaims, event: &AuditEvent) -> Result<Consumed, Error>;

    /// What is known against a token, or against the session that it opened; whether it was used is not asked.
    ///
    /// # Errors
    /// When the database fails; the token must then not be admitted.
    async fn standing(&self, claims: &EmbedClaims) -> Result<Standing, Error>;

    /// Revokes every token that `selector` names and that was issued at `before` or earlier, and writes the event down. An
    /// older revocation of the same tokens never replaces a newer one.
    ///
    /// # Errors
    /// When the database fails; nothing is revoked then.
    async fn revoke(&self, selector: &Selector, before: Timestamp, event: &AuditEvent) -> Result<(), Error>;

    /// Forgets the uses that are expired at `now`, and the revocations from before `stale`, which no living token or session can
    /// meet any more, a portion of each at a time; says how many they were.
    ///
    /// # Errors
    /// When the database fails.
    async fn purge_expired(&self, now: Timestamp, stale: Timestamp) -> Result<u64, Error>;
}

#[async_trait]
impl EmbedTokens for Store {
    async fn consume(&self, claims: &EmbedClaims, event: &AuditEvent) -> Result<Consumed, Error> {
        let transaction = self.begin().await?;
        match standing(&transaction, claims).await? {
            Standing::Good => {}
            Standing::Revoked => return Ok(Consumed::Revoked),
            Standing::DashboardDeleted => return Ok(Consumed::DashboardDeleted),
        }
        let token = embed_tokens_used::ActiveModel {
            issuer: Set(claims.issuer.clone()),
            token_id: Set(claims.token_id.0.clone()),
            expires_at: Set(claims.expires_at.as_microsecond()),
        };
        let key = [embed_tokens_used::Column::Issuer, embed_tokens_used::Column::TokenId];
        let first = OnConflict::columns(key).do_nothing().to_owned();
        let insert = embed_tokens_used::Entity::insert(token).on_conflict(first);
        if insert.exec_without_returning(&transaction).await? == 0 {
            return Ok(Consumed::Replayed);
        }
        append(&transaction, std::slice::from_ref(event)).await?;
        transaction.commit().await?;
        Ok(Consumed::First)
    }

    async fn standing(&self, claims: &EmbedClaims) -> Result<Standing, Error> {
        standing(&self.db, claims).await
    }

    async fn revoke(&self, selector: &Selector, before: Timestamp, event: &AuditEvent) -> Result<(), Error> {
        use embed_revocations::Column;
        let transaction = self.begin().await?;
        let revocation = embed_revocations::ActiveModel {
            selector: Set(selector.kind().to_owned()),
            value: Set(selector.value().into_owned()),
            revoked_before: Set(before.as_microsecond()),
        };
        let newer = Expr::col(("excluded", Column::RevokedBefore))
            .gt(Expr::col((embed_revocations::Entity, Column::RevokedBefore)));
        let latest = OnConflict::columns([Column::Selector, Column::Value])
            .update_column(Column::RevokedBefore)
            .action_and_where(newer)
            .to_owned();
        let insert = embed_revocations::Entity::insert(revocation).on_conflict(latest);
        insert.exec_without_returning(&transaction).await?;
        append(&transaction, std::slice::from_ref(event)).await?;
        Ok(transaction.commit().await?)
    }

    async fn purge_expired(&self, now: Timestamp, stale: Timestamp) -> Result<u64, Error> {
        use embed_revocations::Column as Revocation;
        use embed_tokens_used::Column as Use;
        let used = Old::<embed_tokens_used::Entity> {
            key: &[Use::Issuer, Use::TokenId],
            by: Use::ExpiresAt,
            rule: Use::ExpiresAt.lte(now.as_microsecond()),
        };
        let revoked = Old::<embed_revocations::Entity> {
            key: &[Revocation::Selector, Revocation::Value],
            by: Revocation::RevokedBefore,
            rule: Revocation::RevokedBefore.lt(stale.as_microsecond()),
        };
        Ok(used.forget(&self.db, PORTION).await? + revoked.forget(&self.db, PORTION).await?)
    }
}

/// One statement: the revocations that name the token, and the grave of its dashboard.
async fn standing<C: ConnectionTrait>(db: &C, claims: &EmbedClaims) -> Result<Standing, Error> {
    use embed_revocations::Column;
    let selectors = Selector::of(claims);
    // SQLite has no list of pairs to look into.
    let named = selectors.iter().fold(Condition::any(), |any, one| {
        any.add(Expr::col(Column::Selector).eq(one.kind()).and(Expr::col(Column::Value).eq(one.value())))
    });
    let mut revoked = Query::select()
        .expr(Expr::val("revoked"))
        .from(embed_revocations::Entity)
        .cond_where(named)
        .and_where(Expr::col(Column::RevokedBefore).gte(claims.issued_at.as_microsecond()))
        .to_owned();
    let deleted = Query::select()
        .expr(Expr::val("deleted"))
        .from(dashboards::Entity)
        .and_where(Expr::col(dashboards::Column::Id).eq(claims.dashboard_id.as_str()))
        .and_where(Expr::col(dashboards::Column::DeletedAt).is_not_null())
        .to_owned();
    let both = revoked.union(UnionType::All, deleted);
    let found = db.query_all(both).await?;
    let mut standing = Standing::Good;
    for row in found {
        match row.try_get_by_index::<String>(0)?.as_str() {
            "revoked" => return Ok(Standing::Revoked),
            _ => standing = Standing::DashboardDeleted,
        }
    }
    Ok(standing)
}
