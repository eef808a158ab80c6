//! The code that the store shows, drawn for a screen.

use qrcode::render::unicode::Dense1x2;
use qrcode::{Color, EcLevel, QrCode};
use std::fmt::Write as _;

/// Light modules around the code (ISO/IEC 18004, 6.3.8: four on every side).
const QUIET: usize = 4;

/// Draws a text as a QR code, byte for byte, with its quiet zone: black on white
/// whatever stands around it. None when it is longer than any code can hold.
pub fn svg(text: &str) -> Option<String> {
    let code = modules(text)?;
    let size = code.width() + 2 * QUIET;
    let mut path = String::new();
    for (x, y) in dark(&code) {
        let _ = write!(path, "M{},{}h1v1h-1z", x + QUIET, y + QUIET);
    }
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {size} {size}\" \
         shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0,0h{size}v{size}h-{size}z\"/>\
         <path d=\"{path}\"/></svg>\n"
    ))
}

/// Draws a text as a QR code for a terminal.
pub fn blocks(text: &str) -> Option<String> {
    Some(modules(text)?.render::<Dense1x2>().build())
}

fn modules(text: &str) -> Option<QrCode> {
    QrCode::with_error_correction_level(text.as_bytes(), EcLevel::M).ok()
}

fn is_dark(code: &QrCode, x: usize, y: usize) -> bool {
    code[(x, y)] == Color::Dark
}

fn dark(code: &QrCode) -> impl Iterator<Item = (usize, usize)> {
    let all = (0..code.width()).flat_map(|y| (0..code.width()).map(move |x| (x, y)));
    all.filter(|(x, y)| is_dark(code, *x, *y))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const URL: &str = "https://qr.payby.com?BIZ_TYPE=202&ft=0123456789abcdef&t=1795155300120";

    #[test]
    fn every_dark_module_is_drawn_once_inside_its_quiet_zone() {
        let drawn = svg(URL).unwrap();
        let code = modules(URL).unwrap();
        let size = code.width() + 8;
        assert!(drawn.contains(&format!("viewBox=\"0 0 {size} {size}\"")));
        assert_eq!(drawn.matches("h1v1h-1z").count(), dark(&code).count());
        // The corner of the finder pattern; before it nothing.
        assert!(drawn.contains("d=\"M4,4h1v1h-1zM5,4h1"), "{drawn}");
        // Nothing of the text gets into the markup.
        assert!(!drawn.contains("payby"));
    }

    #[test]
    fn what_no_code_can_hold_is_not_drawn() {
        assert_eq!(svg(&"x".repeat(3000)), None);
        assert!(svg(&"x".repeat(2000)).is_some());
    }
}
