//! Tones that somebody gave to posts.

use sea_orm::sea_query::{Expr, ExprTrait, SimpleExpr};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::row::{GIVEN, Tone};
use crate::domain::{Label, Sentiment};
use crate::store::Error;
use crate::store::bounded::Transaction;
use crate::store::entity::posts::{Column, Entity, Model};

/// Whether somebody gave the post this tone.
pub(in crate::store) fn is(post: &Model, label: Label) -> bool {
    was(post) && post.sentiment_label.as_deref() == Some(label.as_str())
}

/// Whether somebody gave the post its tone.
pub(in crate::store) fn was(post: &Model) -> bool {
    post.unscored_reason.as_deref() == Some(GIVEN)
}

/// What the columns of a tone become.
pub(in crate::store) fn columns(sentiment: Sentiment) -> [(Column, SimpleExpr); 4] {
    let tone = Tone::of(sentiment);
    [
        (Column::SentimentLabel, Expr::value(tone.label)),
        (Column::SentimentScore, Expr::value(tone.score)),
        (Column::SentimentModel, Expr::value(tone.model)),
        (Column::UnscoredReason, Expr::value(tone.unscored)),
    ]
}

/// Gives a post this tone.
pub(in crate::store) async fn give(tx: &Transaction, post: Uuid, label: Label, now: i64) -> Result<(), Error> {
    let mut update = Entity::update_many()
        .col_expr(Column::Revision, Expr::col(Column::Revision).add(1))
        .col_expr(Column::UpdatedAt, Expr::value(now));
    for (column, value) in columns(Sentiment::Given(label)) {
        update = update.col_expr(column, value);
    }
    update.filter(Column::Id.eq(post)).exec(tx).await?;
    Ok(())
}

/// What becomes of a column of the tone when the post comes again: what somebody gave stays as long as the text does.
pub(in crate::store) fn kept(column: &str) -> SimpleExpr {
    Expr::cust(format!(
        "CASE WHEN posts.unscored_reason = '{GIVEN}' AND posts.body = excluded.body \
         THEN posts.{column} ELSE excluded.{column} END"
    ))
}
