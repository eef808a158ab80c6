//! Writes recordings.

use crate::scanner::keymap::Layout;
use crate::scanner::typing::{NotTypable, strokes};
use std::fmt::Write;
use std::time::Duration;

/// Writes the recording of a US keyboard scanner that reads `text` and ends with
/// Enter: one millisecond a transition, as fast scanners do.
///
/// # Errors
/// When the text is not printable ASCII.
pub fn record(text: &str) -> Result<String, NotTypable> {
    let mut recording = String::from(DESCRIPTION);
    for event in strokes(Layout::Us, text, Duration::from_micros(1))? {
        let _ = writeln!(
            recording,
            "E: {}.{:06} {:04x} {:04x} {:04}",
            event.at.as_secs(),
            event.at.subsec_micros(),
            event.kind,
            event.code,
            event.value
        );
    }
    Ok(recording)
}

/// A scanner that does not exist: a boot keyboard with three LEDs.
const DESCRIPTION: &str = "\
# EVEMU 1.3
# A US keyboard scanner, one millisecond a transition, Enter at the end.
N: Example Handheld Scanner
I: 0003 ffff 0035 0110
P: 00 00 00 00 00 00 00 00
B: 00 13 00 12 00 00 00 00 00
B: 01 fe ff ff ff ff ff ff ff
B: 01 ff ff ef ff df ff be fe
B: 01 ff 57 40 c1 7a 20 9f ff
B: 01 07 00 00 00 00 00 01 00
B: 01 00 00 00 00 00 00 00 00
B: 01 00 00 00 00 00 00 00 00
B: 01 00 00 00 00 00 00 00 00
B: 01 00 00 00 00 00 00 00 00
B: 01 00 00 00 00 00 00 00 00
B: 01 00 00 00 00 00 00 00 00
B: 01 00 00 00 00 00 00 00 00
B: 01 00 00 00 00 00 00 00 00
B: 04 10 00 00 00 00 00 00 00
B: 11 07 00 00 00 00 00 00 00
L: 00 0
L: 01 0
L: 02 0
";
