//! A cashier with two lanes: creates, scans, scans again, cancels, loses patience.

use super::Chance;
use crate::domain::tests::play::{CANCEL_FIRST, VERDICT_FIRST, code, tender};
use crate::domain::{Event, LaneId, NewTender, SaleRef, State, Tender, Verdict};

/// Tenders asked for in one day; most days have a handful of sales.
const REQUESTS: u32 = 7;

#[derive(Default)]
pub(super) struct Cashier {
    requests: u32,
    codes: u32,
    last: Option<NewTender>,
}

impl Cashier {
    /// What the cashier does next on one of the lanes.
    pub(super) fn acts(&mut self, state: &State, chance: &mut Chance) -> Option<Event> {
        let lane = LaneId::new(["L1", "L2"][usize::from(chance.one_in(3))]).unwrap();
        let mut of_lane = state.tenders.values().filter(|t| t.lane == lane);
        match of_lane.find(|t| t.verdict.is_none()) {
            Some(tender) if tender.is_armed() => Some(match chance.between(0, 9) {
                0 => Event::Cancel(tender.id.clone()),
                1 => Event::CreateTender(self.last.clone()?),
                _ => self.scans(tender, chance),
            }),
            Some(tender) => match chance.between(0, 9) {
                0 => Some(Event::Cancel(tender.id.clone())),
                1 => Some(Event::Extend(tender.id.clone())),
                2 => Some(self.scans(tender, chance)),
                3 => Some(Event::CreateTender(self.last.clone()?)),
                _ => None,
            },
            None => self.asks(lane, state, chance),
        }
    }

    fn scans(&mut self, tender: &Tender, chance: &mut Chance) -> Event {
        // Now and then the same code twice.
        self.codes += u32::from(!chance.one_in(5));
        let gateway = [CANCEL_FIRST, VERDICT_FIRST][usize::from(chance.one_in(2))];
        Event::CodeRead {
            tender: tender.id.clone(),
            code: code(gateway, &format!("code{}", self.codes)),
        }
    }

    /// A new key: for the sale that is not paid yet, or for the next one.
    fn asks(&mut self, lane: LaneId, state: &State, chance: &mut Chance) -> Option<Event> {
        if self.requests == REQUESTS {
            return None;
        }
        self.requests += 1;
        let paid = |t: &&Tender| t.final_verdict() == Some(Verdict::Paid);
        let sale = state.tenders.values().filter(paid).count() + usize::from(chance.one_in(6));
        let new = NewTender {
            lane,
            sale: SaleRef::new(format!("S{sale}")).unwrap(),
            ..tender(&format!("k{}", self.requests))
        };
        self.last = Some(new.clone());
        Some(Event::CreateTender(new))
    }
}
