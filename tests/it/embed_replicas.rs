//! Two processes of the program on one PostgreSQL and one Redis: a token opens one frame among them all, whatever goes
//! away meanwhile.

mod outage;
mod pair;
mod race;
mod revocation;
mod rotation;
