//! Whatever is done to the books, no money comes from nowhere.

use proptest::prelude::*;

use super::{Book, Subject};
use crate::simulator::order::{Order, Stand};
use crate::simulator::plan::{Plan, Then, Wait};
use crate::simulator::refund::{Refund, RefundStand};

#[derive(Clone, Debug)]
enum Deed {
    Enter(Plan, u64),
    Pay(usize),
    Decline(usize),
    Reverse(usize),
    Refund(usize, u64, Plan),
    EndRefund(usize, bool),
    Enquire(usize),
    Wait(u64),
}

fn plan() -> impl Strategy<Value = Plan> {
    let wait = prop_oneof![
        Just(Wait::None),
        (0..3_u32).prop_map(Wait::Polls),
        (0..5_000_u64).prop_map(Wait::Millis),
    ];
    let then = prop_oneof![
        Just(Then::Paid),
        Just(Then::Settled),
        Just(Then::Failed("X".into())),
        Just(Then::Never),
    ];
    (wait, then).prop_map(|(wait, then)| Plan::after(wait, then))
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        (plan(), 1..1_000_u64).prop_map(|(plan, total)| Deed::Enter(plan, total)),
        (0..4_usize).prop_map(Deed::Pay),
        (0..4_usize).prop_map(Deed::Decline),
        (0..4_usize).prop_map(Deed::Reverse),
        (0..4_usize, 1..500_u64, plan())
            .prop_map(|(n, amount, plan)| { Deed::Refund(n, amount, plan) }),
        (0..8_usize, any::<bool>()).prop_map(|(n, fails)| Deed::EndRefund(n, fails)),
        (0..4_usize).prop_map(Deed::Enquire),
        (0..4_000_u64).prop_map(Deed::Wait),
    ]
}

proptest! {
    #[test]
    fn money_comes_from_orders_alone(deeds in prop::collection::vec(deed(), 1..40)) {
        let mut book = Book::default();
        let (mut now, mut orders, mut refunds) = (1_000_u64, 0, 0);
        for deed in deeds {
            match deed {
                Deed::Enter(plan, total) => {
                    let number = orders.to_string();
                    orders += 1;
                    let order = Order {
                        expires: now + 8_000,
                        ..Order::new(&number, serde_json::Value::Null, total, now, plan)
                    };
                    book.enter(order, |made| format!("1{made}"), now);
                }
                Deed::Pay(n) => drop(book.pay(&n.to_string(), now)),
                Deed::Decline(n) => drop(book.decline(&n.to_string(), now)),
                Deed::Reverse(n) => {
                    // As both gateways do: not where refunds have begun.
                    let number = n.to_string();
                    let whole = |order: &Order| {
                        order.reversed || book.refundable(order) == order.captured
                    };
                    if book.order(&number).is_some_and(whole) {
                        book.change(&number, |order| order.reverse(now));
                    }
                }
                Deed::Refund(n, amount, plan) => {
                    let Some(order) = book.order(&n.to_string()) else { continue };
                    if order.is_paid() && !order.reversed && amount <= book.refundable(order) {
                        let refund = Refund::new(&format!("R{refunds}"), order, amount, now, plan);
                        refunds += 1;
                        book.enter_refund(refund, |made| format!("2{made}"), now);
                    }
                }
                Deed::EndRefund(n, fails) => {
                    book.end_refund(&format!("R{n}"), fails.then_some("X"), now);
                }
                Deed::Enquire(n) => {
                    book.enquired(&n.to_string(), now);
                    book.refund_enquired(&format!("R{n}"), now);
                }
                Deed::Wait(millis) => {
                    now += millis;
                    book.evolve(now);
                }
            }
            for order in book.orders() {
                let back: u64 = book
                    .refunds()
                    .filter(|r| r.order == order.number && r.stand == RefundStand::Done)
                    .map(|r| r.amount)
                    .sum();
                let expected = if order.reversed { order.captured } else { back };
                prop_assert_eq!(order.returned, expected);
                prop_assert!(order.returned <= order.captured);
                let paid = matches!(order.stand, Stand::Paid | Stand::Settled);
                prop_assert_eq!(order.captured, if paid { order.total } else { 0 });
                prop_assert_eq!(order.paid_at.is_some(), paid);
                prop_assert!(order.paid_at.is_none_or(|at| at < order.expires || at <= now));
            }
            // Nothing that is due was left lying.
            prop_assert!(book.due().is_none_or(|due| due > now));
        }
        let named = book.orders().all(|order| {
            book.subject(&order.gateway_no) == Some(&Subject::Order(order.number.clone()))
        });
        prop_assert!(named);
    }
}
