//! How scanners leave the factory, and the host types that their set-up codes choose.

use super::{DataBits, FlowControl, Parity, Settings, StopBits, Terminator};
use crate::scanner::feedback::Feedback;
use crate::scanner::framer::GAP;
use crate::scanner::matching::Match;

/// A set of line settings. The host types are Symbol's and Zebra's (LS7708 Product
/// Reference Guide, "Host Types").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// 9600 8N1, CR: Datalogic, CipherLab, Newland engines, most RS-232 scanners.
    Standard,
    /// 115200 8N1, CR: Honeywell, Cino, Unitech, Newland. USB ignores the rate.
    Fast,
    /// Host type ICL.
    Icl,
    /// Host type Fujitsu.
    Fujitsu,
    /// Host type Nixdorf, mode A or B.
    Nixdorf,
    /// Host type Olivetti.
    Olivetti,
    /// Host type Omron.
    Omron,
    /// Host type CUTE.
    Cute,
    /// Host type NCR.
    Ncr,
    /// Host type Datalogic.
    Datalogic,
    /// Zebra's Simple Serial Interface.
    Ssi,
}

impl Profile {
    /// The names of the configuration.
    pub const ALL: [(&'static str, Profile); 11] = [
        ("standard", Self::Standard),
        ("fast", Self::Fast),
        ("icl", Self::Icl),
        ("fujitsu", Self::Fujitsu),
        ("nixdorf", Self::Nixdorf),
        ("olivetti", Self::Olivetti),
        ("omron", Self::Omron),
        ("cute", Self::Cute),
        ("ncr", Self::Ncr),
        ("datalogic", Self::Datalogic),
        ("ssi", Self::Ssi),
    ];

    /// The settings of a scanner that is set so.
    pub fn settings(self, matching: Match) -> Settings {
        let (data_bits, parity) = match self {
            Self::Standard | Self::Fast | Self::Fujitsu | Self::Omron | Self::Ssi => {
                (DataBits::Eight, Parity::None)
            }
            Self::Icl => (DataBits::Eight, Parity::Even),
            Self::Nixdorf => (DataBits::Eight, Parity::Odd),
            Self::Olivetti | Self::Cute => (DataBits::Seven, Parity::Even),
            Self::Ncr | Self::Datalogic => (DataBits::Seven, Parity::Odd),
        };
        let terminator = match self {
            Self::Olivetti => Terminator::Etx,
            Self::Cute => Terminator::CrEtx,
            Self::Ncr => Terminator::EtxCheck,
            Self::Ssi => Terminator::Ssi,
            _ => Terminator::Cr,
        };
        Settings {
            matching,
            baud: match self {
                Self::Fast => 115_200,
                _ => 9600,
            },
            data_bits,
            parity,
            stop_bits: StopBits::One,
            flow: match self {
                Self::Icl | Self::Nixdorf => FlowControl::Hardware,
                _ => FlowControl::None,
            },
            dtr: true,
            rts: true,
            terminator,
            gap: GAP,
            code_id: !matches!(self, Self::Standard | Self::Fast | Self::Ssi),
            acknowledge: self == Self::Olivetti,
            feedback: Feedback::None,
        }
    }
}
