//! What the core must do, as *input → exactly these facts and effects, nothing else*.
//!
//! A test tells a [`play::Play`] what happens and writes down, line by line, what
//! must come of it (`render` says how a fact or an effect reads). After every event
//! the play also checks what must hold whatever happens: the facts survive being
//! written and read, replaying them gives the same state, the rules of verdicts
//! and duties hold (`rules`), and a crash at this very point submits nothing and
//! still comes to an end (`crash`). `simulation` looks for what nobody thought of.
//!
//! Where each transition of an attempt is told first:
//!
//! | # | transition | in |
//! |---|---|---|
//! | 1 | a key is one tender | `callers::one_key_is_one_tender` |
//! | 2 | a code makes an attempt | `answers::a_code_is_intended_then_submitted`; a shown one, `shown::the_attempt_is_made_at_once_and_needs_no_code` |
//! | 3 | no code, or a cancel before it | `callers::no_code_in_time_or_a_cancel_ends_an_armed_tender` |
//! | 4 | no byte left | `answers::no_connection_is_told_at_once` |
//! | 5 | paid by the submit | `answers::paid_at_once` |
//! | 6 | refused by the submit | `answers::a_stale_code_leaves_the_tender_armed` |
//! | 7 | the customer must confirm | `answers::a_customer_who_must_confirm_is_asked_for_at_the_gateways_pace` |
//! | 8 | nobody knows | `answers::silence_is_unknown_and_asked_about` |
//! | 9 | paid by an enquiry or a notification | `answers::paid_by_an_enquiry_or_a_notification` |
//! | 10 | closed while waiting | `answers::an_order_closed_while_waiting_leaves_the_tender_armed` |
//! | 11 | "no such order" | `traps::no_such_order_is_not_declined` |
//! | 12 | the wait is over, or the cashier cancels | `last_word` |
//! | 13 | a charge that is being returned | `duties::a_charge_that_is_being_returned_is_evidence_once` |
//! | 14 | proof that nothing is kept | `duties::a_return_ends_by_proof` |
//! | 15 | a refund in the place of a reversal | `switching` |
//! | 16, 17 | a person is called; proof ends it all the same | `duties::a_return_slows_down_and_calls_a_person` |
//! | 18 | a person ends it | `by_hand` |
//! | 19 | a start | `crash` |
//! | 20 | a charge after the end | `late::paid_after_the_end_goes_back_and_calls_a_person` |
//! | 21 | money gone after *paid* | `late::money_gone_after_paid_calls_a_person_once` |
//!
//! And each rule of verdicts: a final one never changes (1: `rules`, after every
//! step); the commit decides (2: `late::a_cancel_that_races_with_the_customer`); it is
//! taken note of (3: `callers::a_verdict_is_taken_note_of`); its reason is told (4: every
//! `verdict` line); more time is given once (5:
//! `callers::more_time_is_given_once_and_only_to_a_customer`); one payment of a sale at a
//! time, and the next while the first money goes back (6:
//! `callers::a_lane_has_one_tender_and_a_sale_one_payment`,
//! `callers::a_sale_that_is_not_paid_may_pay_again_while_the_first_money_goes_back`).
#![allow(clippy::unwrap_used)]

mod answers;
mod by_hand;
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
