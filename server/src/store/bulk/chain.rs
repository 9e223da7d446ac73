//! Parts of one statement of PostgreSQL of which each waits for the one before it. If one changes no row, those behind it change none.

use sea_orm::sea_query::{
    Expr, ExprTrait, InsertStatement, OnConflict, Query, SelectStatement, UpdateStatement, WithClause, WithQuery,
};
use sea_orm::{EntityTrait, IntoActiveModel};

use super::{insert_if, part, rows_of, with};

/// The parts so far. Without what they ask of each other their order would not be settled.
pub(in crate::store) struct Chain {
    parts: WithClause,
    last: &'static str,
}

impl Chain {
    /// Begins with an update that returns the rows that it changes.
    pub(in crate::store) fn begin(name: &'static str, update: UpdateStatement) -> Self {
        let mut parts = WithClause::new();
        parts.cte(part(name, update));
        Self { parts, last: name }
    }

    /// Inserts rows, which have the same in the columns `shared`.
    pub(in crate::store) fn insert<E>(&mut self, name: &'static str, rows: Vec<E::Model>, shared: &[E::Column])
    where
        E: EntityTrait,
        E::Model: IntoActiveModel<E::ActiveModel>,
    {
        let insert = insert_if::<E>(self.is_done(), rows, shared);
        self.add(name, insert);
    }

    /// Inserts rows, or changes those that are there.
    pub(in crate::store) fn upsert<E>(&mut self, name: &'static str, rows: Vec<E::Model>, known: OnConflict)
    where
        E: EntityTrait,
        E::Model: IntoActiveModel<E::ActiveModel>,
    {
        let mut insert = insert_if::<E>(self.is_done(), rows, &[]);
        self.add(name, insert.on_conflict(known).take());
    }

    /// Updates rows and returns `value` of them under that name.
    pub(in crate::store) fn update(
        &mut self,
        name: &'static str,
        mut update: UpdateStatement,
        (value, is_named): (Expr, &'static str),
    ) {
        update.and_where(self.is_done()).returning(Query::returning().expr(value));
        let mut part = part(name, update);
        part.column(is_named);
        self.parts.cte(part);
        self.last = name;
    }

    /// Lets others add parts, with what these are to wait for.
    pub(in crate::store) fn parts(&mut self) -> (&mut WithClause, Expr) {
        let is_done = self.is_done();
        (&mut self.parts, is_done)
    }

    /// The statement, which answers this.
    pub(in crate::store) fn answer(self, answer: SelectStatement) -> WithQuery {
        with(self.parts, answer)
    }

    fn add(&mut self, name: &'static str, mut insert: InsertStatement) {
        insert.returning(Query::returning().expr(Expr::cust("1")));
        self.parts.cte(part(name, insert));
        self.last = name;
    }

    fn is_done(&self) -> Expr {
        rows_of(self.last).gt(0)
    }
}
