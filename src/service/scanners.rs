//! Numbers of the scanners for `/metrics`.

use super::board::Boards;
use std::fmt::Write as _;

/// Appends, for each scanner: whether it is ready, what it read, voids by reason, and
/// what it was told to do.
pub(super) fn write(text: &mut String, boards: &Boards) {
    if boards.meters.is_empty() {
        return;
    }
    let _ = writeln!(text, "# TYPE qrpayd_scanner_ready gauge");
    for (id, view) in &boards.scanners {
        let ready = u8::from(view.state == "ready");
        let _ = writeln!(text, "qrpayd_scanner_ready{{scanner=\"{id}\"}} {ready}");
    }
    let counts = boards.meters.iter();
    let counts: Vec<_> = counts.map(|(id, meter)| (id, meter.counts())).collect();
    let _ = writeln!(text, "# TYPE qrpayd_scanner_events_total counter");
    for (id, counts) in &counts {
        for (event, count) in [
            ("scan", counts.scans),
            ("undelivered", counts.undelivered),
            ("sound", counts.sounds),
            ("sound_lost", counts.sounds_lost),
            ("typed_on", counts.typed),
            ("typed_on_lost", counts.typed_lost),
        ] {
            let labels = format!("scanner=\"{id}\",event=\"{event}\"");
            let _ = writeln!(text, "qrpayd_scanner_events_total{{{labels}}} {count}");
        }
    }
    let _ = writeln!(text, "# TYPE qrpayd_scanner_voids_total counter");
    for (id, counts) in &counts {
        for (reason, count) in counts.voids() {
            let labels = format!("scanner=\"{id}\",reason=\"{}\"", reason.as_str());
            let _ = writeln!(text, "qrpayd_scanner_voids_total{{{labels}}} {count}");
        }
    }
}
