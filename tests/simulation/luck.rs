//! What goes wrong, and when: by chance, or as one cell of the [grid](super::grid) plans it.

use super::chance::Chance;
use super::disk::DiskFault;
use super::ports::Asked;
use super::wire::{Fate, WireFault};
use std::collections::BTreeMap;

/// One plan: at most one fault of each kind, everything else is fair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Plan {
    /// At which append, counted from 0.
    pub(crate) disk: Option<(usize, DiskFault)>,
    /// With the first call of a kind.
    pub(crate) wire: Option<(Asked, WireFault)>,
}

pub(crate) enum Luck {
    /// Everything may go wrong, until it is calm.
    Random,
    Planned(Plan, BTreeMap<Asked, u32>),
}

impl Luck {
    pub(crate) fn planned(plan: Plan) -> Self {
        Self::Planned(plan, BTreeMap::new())
    }

    /// The fate of one call.
    pub(crate) fn fate(&mut self, asked: Asked, calm: bool, chance: &mut Chance) -> Fate {
        let is_submit = asked == Asked::Submit;
        match self {
            Self::Planned(plan, calls) => {
                let fair = Fate::fair(30, 30);
                let nth = calls.entry(asked).or_default();
                *nth += 1;
                match plan.wire {
                    Some((at, fault)) if at == asked && *nth == 1 => {
                        fair.with(fault, is_submit, chance)
                    }
                    _ => fair,
                }
            }
            Self::Random => {
                let fair = Fate::fair(chance.between(20, 400), chance.between(20, 400));
                if calm || !chance.one_in(2) {
                    return fair;
                }
                // A slow gateway: longer than the pause between cancels.
                if asked == Asked::Cancel && chance.one_in(3) {
                    return Fate {
                        fault: Some(WireFault::AnswerDelayed),
                        back: Some(3_200),
                        ..fair
                    };
                }
                let fault = *chance.pick(&WireFault::ALL);
                fair.with(fault, is_submit, chance)
            }
        }
    }

    /// What goes wrong with an append.
    pub(crate) fn append(
        &mut self,
        nth: usize,
        calm: bool,
        chance: &mut Chance,
    ) -> Option<DiskFault> {
        match self {
            Self::Planned(plan, _) => plan.disk.filter(|(at, _)| *at == nth).map(|(_, f)| f),
            Self::Random if calm || !chance.one_in(25) => None,
            Self::Random => Some(*chance.pick(&DiskFault::ALL)),
        }
    }

    /// After how many port calls of the next piece of work the process is killed.
    pub(crate) fn kill(&mut self, calm: bool, chance: &mut Chance) -> Option<u64> {
        match self {
            Self::Random if !calm && chance.one_in(80) => Some(chance.between(0, 8)),
            _ => None,
        }
    }

    pub(crate) fn is_random(&self) -> bool {
        matches!(self, Self::Random)
    }
}
