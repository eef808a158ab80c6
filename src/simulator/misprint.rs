//! Genuine, signed answers about something else: another order, another amount,
//! another currency. A client that looks at the signature alone takes them.

use super::fault::Fault;
use super::order::{Order, Stand};
use super::refund::{Refund, RefundStand};

/// Returns the order as the fault wants it printed.
pub(crate) fn order(fault: Option<&Fault>, mut order: Order) -> Order {
    match fault {
        Some(Fault::WrongAmount) => {
            order.total += 1;
            if order.captured > 0 {
                order.captured += 1;
            }
        }
        Some(Fault::WrongCurrency) => order.currency = other_currency(&order.currency),
        Some(Fault::OtherOrder) => {
            other(&mut order.number);
            other(&mut order.gateway_no);
            if order.stand == Stand::Waiting {
                order.pay(order.created_at);
            }
        }
        _ => {}
    }
    order
}

/// Returns the refund as the fault wants it printed.
pub(crate) fn refund(fault: Option<&Fault>, mut refund: Refund) -> Refund {
    match fault {
        Some(Fault::WrongAmount) => refund.amount += 1,
        Some(Fault::WrongCurrency) => refund.currency = other_currency(&refund.currency),
        Some(Fault::OtherOrder) => {
            other(&mut refund.number);
            other(&mut refund.gateway_no);
            refund.stand = RefundStand::Done;
        }
        _ => {}
    }
    refund
}

// As many decimals, so that the amount reads the same.
fn other_currency(currency: &str) -> String {
    match currency {
        "USD" => "EUR".into(),
        _ => "USD".into(),
    }
}

fn other(number: &mut String) {
    let last = if number.ends_with('7') { '8' } else { '7' };
    number.pop();
    number.push(last);
}
