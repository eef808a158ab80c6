//! The nine cases: what PayBy asks for, what a person does, how a simulator plays it.
//!
//! Source of numbers and requirements: PayBy, *Test case*
//! (`2_Online Payment Integration/test-case.mdx` of its documentation).

use crate::simulator::payby::{ControlError, Controls, Fault, Operation, Plan};

/// One case.
pub(super) struct Case {
    /// PayBy's number.
    pub(super) number: &'static str,
    /// What it is about.
    pub(super) title: &'static str,
    /// What PayBy asks for.
    pub(super) requirement: &'static str,
    /// What a person does at the test host.
    pub(super) person: &'static str,
    /// How much, in fils.
    pub(super) fils: u64,
    /// What the simulator is told before the payment.
    pub(super) before: fn(&Controls) -> Result<(), ControlError>,
    /// What it is told of the order that was made, or was not.
    pub(super) after: fn(&Controls, &str) -> Result<(), ControlError>,
}

/// From so much on the customer may be asked for the password.
const PASSWORD: u64 = 50_000;

fn never(simulator: &Controls) -> Result<(), ControlError> {
    simulator.push_plan(Plan::never())
}

fn nothing(_: &Controls, _: &str) -> Result<(), ControlError> {
    Ok(())
}

fn system_error() -> Fault {
    Fault::Code {
        code: "500".to_owned(),
        signed: true,
        effect: false,
    }
}

/// All of them, in PayBy's order.
pub(super) const CASES: &[Case] = &[
    Case {
        number: "001",
        title: "the customer types the password",
        requirement: "placeOrder answers CREATED; a query every 2 to 6 s; the last one shows success",
        person: "Pay 500.00 or more, and type the password in the app after some seconds.",
        fils: PASSWORD,
        before: |simulator| simulator.push_plan(Plan::paid_after_polls(2)),
        after: nothing,
    },
    Case {
        number: "002",
        title: "the customer never types it",
        requirement: "a query every 2 to 6 s, then a cancel 20 to 120 s after the start",
        person: "Let the app ask for the password, and type none.",
        fils: PASSWORD,
        before: never,
        after: nothing,
    },
    Case {
        number: "003",
        title: "placeOrder answers SYSTEM_ERROR",
        requirement: "at least one query, every 2 to 6 s, then a cancel 20 to 120 s after the start",
        person: "Ask PayBy to answer the next placeOrder with SYSTEM_ERROR, and type no password.",
        fils: 1_000,
        before: |simulator| {
            simulator.push_plan(Plan::never())?;
            let fault = Fault::Code {
                code: "500".to_owned(),
                signed: true,
                effect: true,
            };
            simulator.push_fault(Operation::PlaceOrder, fault, 1)
        },
        after: nothing,
    },
    Case {
        number: "004",
        title: "placeOrder is not answered",
        requirement: "at least one query, every 2 to 6 s, then a cancel 20 to 120 s after the start",
        person: "Ask PayBy to leave the next placeOrder without an answer, and type no password.",
        fils: 1_100,
        before: |simulator| {
            simulator.push_plan(Plan::never())?;
            let fault = Fault::NoAnswer { effect: true };
            simulator.push_fault(Operation::PlaceOrder, fault, 1)
        },
        after: nothing,
    },
    Case {
        number: "005",
        title: "the cancel needs several attempts",
        requirement: "the cancel is repeated every 3 to 10 s until it succeeds: at least three",
        person: "Ask PayBy to fail the first two cancels of the next order; type no password.",
        fils: PASSWORD,
        before: never,
        after: |simulator, order| {
            simulator.push_fault_of(order, Operation::CancelOrder, system_error(), 2)
        },
    },
    Case {
        number: "006",
        title: "the cancel never succeeds",
        requirement: "it stops after more than 3 failures or 10 s, and a responsible person is alerted",
        person: "Ask PayBy to fail every cancel of the next order; type no password.",
        fils: PASSWORD,
        before: never,
        after: |simulator, order| {
            simulator.push_fault_of(order, Operation::CancelOrder, system_error(), 50)
        },
    },
    Case {
        number: "007",
        title: "the query needs several attempts",
        requirement: "at least three queries, every 2 to 6 s",
        person: "Ask PayBy to fail the first two queries of the next order; type the password.",
        fils: PASSWORD,
        before: |simulator| simulator.push_plan(Plan::paid_after_polls(1)),
        after: |simulator, order| {
            simulator.push_fault_of(order, Operation::GetOrder, system_error(), 2)
        },
    },
    Case {
        number: "008",
        title: "the query never succeeds",
        requirement: "at least three queries, every 2 to 6 s; then a cancel, or a person is alerted",
        person: "Ask PayBy to fail every query of the next order; type no password.",
        fils: PASSWORD,
        before: never,
        after: |simulator, order| {
            simulator.push_fault_of(order, Operation::GetOrder, system_error(), 50)
        },
    },
    Case {
        number: "009",
        title: "PayBy notifies",
        requirement: "the notification is processed and answered with SUCCESS",
        person: "Pay, with [notify] and notify_url configured so that PayBy reaches this box.",
        fils: 900,
        before: |simulator| simulator.push_plan(Plan::paid_after_polls(1)),
        after: nothing,
    },
];
