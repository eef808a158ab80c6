//! A serial scanner: its line, and what stands around a code.

use super::scanner::{DEVICE, gap};
use super::section::Section;
use super::written;
use crate::scanner::serial::{DataBits, FlowControl, Parity, Profile, StopBits, Terminator};
use crate::scanner::{Feedback, GAP, Kind, Match};
use std::time::Duration;

/// Without a suffix every scan costs the pause, and two scans within it become one.
const GAP_WITHOUT_SUFFIX: Duration = Duration::from_millis(100);

pub(super) fn serial(
    written: written::Scanner,
    device: Option<Match>,
    feedback: Option<Feedback>,
    at: &mut Section<'_>,
) -> Option<Kind> {
    let device = at.need("match", device, DEVICE);
    let profile = written.profile;
    let profile = at.choice("profile", profile, Profile::Standard, &Profile::ALL);
    let usual = profile.settings(Match::Port(String::new()));
    let terminator = at.choice(
        "terminator",
        written.terminator,
        usual.terminator,
        &[
            ("cr", Terminator::Cr),
            ("lf", Terminator::Lf),
            ("crlf", Terminator::CrLf),
            ("tab", Terminator::Tab),
            ("none", Terminator::None),
            ("etx", Terminator::Etx),
            ("cr_etx", Terminator::CrEtx),
            ("etx_xor", Terminator::EtxCheck),
            ("ssi", Terminator::Ssi),
        ],
    );
    let usual_gap = match terminator {
        Terminator::None => GAP_WITHOUT_SUFFIX,
        _ => GAP,
    };
    let gap = gap(at, written.gap_ms, usual_gap);
    let baud = at.number("baud", written.baud, 300..=921_600, " bits a second");
    let data_bits = match at.number("data_bits", written.data_bits, 7..=8, "") {
        Some(7) => DataBits::Seven,
        Some(_) => DataBits::Eight,
        None => usual.data_bits,
    };
    let parity = at.choice(
        "parity",
        written.parity,
        usual.parity,
        &[
            ("none", Parity::None),
            ("even", Parity::Even),
            ("odd", Parity::Odd),
        ],
    );
    let stop_bits = match at.number("stop_bits", written.stop_bits, 1..=2, "") {
        Some(2) => StopBits::Two,
        _ => usual.stop_bits,
    };
    let flow = at.choice(
        "flow",
        written.flow,
        usual.flow,
        &[
            ("none", FlowControl::None),
            ("rts_cts", FlowControl::Hardware),
            ("xon_xoff", FlowControl::Software),
        ],
    );
    if flow == FlowControl::Hardware && written.rts.is_some() {
        at.complain("rts", "belongs to flow = \"rts_cts\"; remove one of them");
    }
    // A sum may be any byte, XON and XOFF too.
    if flow == FlowControl::Software && matches!(terminator, Terminator::EtxCheck | Terminator::Ssi)
    {
        at.complain(
            "flow",
            "\"xon_xoff\" takes bytes away that this terminator needs",
        );
    }
    if data_bits == DataBits::Seven && terminator == Terminator::Ssi {
        at.complain("data_bits", "must be 8 for terminator = \"ssi\"");
    }
    Some(Kind::Serial(crate::scanner::serial::Settings {
        matching: device?,
        baud: baud.unwrap_or(usual.baud),
        data_bits,
        parity,
        stop_bits,
        flow,
        dtr: written.dtr.unwrap_or(usual.dtr),
        rts: written.rts.unwrap_or(usual.rts),
        terminator,
        gap,
        code_id: written.code_id.unwrap_or(usual.code_id),
        acknowledge: written.acknowledge.unwrap_or(usual.acknowledge),
        feedback: feedback.unwrap_or_default(),
    }))
}
