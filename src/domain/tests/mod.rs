//! What the core must do, as *input → exactly these facts and effects, nothing else*.
//!
//! A test tells a [`play::Play`] what happens and writes down, line by line, what
//! must come of it (`render` says how a fact or an effect reads). After every event
//! the play also checks what must hold whatever happens: the facts survive being
//! written and read, replaying them gives the same state, the rules of verdicts
//! and duties hold (`rules`), and a crash at this very point submits nothing and
//! still comes to an end (`crash`). `simulation` looks for what nobody thought of.
#![allow(clippy::unwrap_used)]

mod answers;
mod callers;
mod crash;
mod duties;
mod last_word;
mod late;
mod parking;
mod play;
mod refund_answers;
mod refunds;
mod render;
mod rules;
mod says;
mod shown;
mod simulation;
mod switching;
mod traps;
