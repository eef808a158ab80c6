//! The code pages that ALT codes name characters by: Windows-1252 where the digits begin
//! with a zero, an OEM page where they do not. Below 128 all are ASCII.

/// The code page of ALT codes without a leading zero, by the country of the Windows that
/// the scanner was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OemPage {
    /// United States.
    Cp437,
    /// Western Europe.
    Cp850,
}

/// Windows-1252 from 0x80 to 0x9f; a middle dot where it has no character. The rest is
/// Latin-1.
const WINDOWS: &str = "€·‚ƒ„…†‡ˆ‰Š‹Œ·Ž··‘’“”•–—˜™š›œ·žŸ";

const CP437: &str = "\
    ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒ\
    áíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
    └┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
    αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

const CP850: &str = "\
    ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒ\
    áíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐\
    └┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀\
    ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}";

/// A character of Windows-1252.
pub(crate) fn windows(code: u8) -> Option<char> {
    match code {
        0x80..=0x9f => WINDOWS
            .chars()
            .nth((code - 0x80).into())
            .filter(|c| *c != '·'),
        _ => Some(code.into()),
    }
}

/// A character of an OEM page; of either where it is not known which, if they agree.
pub(crate) fn oem(code: u8, page: Option<OemPage>) -> Option<char> {
    let Some(place) = code.checked_sub(0x80) else {
        return Some(code.into());
    };
    let [us, europe] = [CP437, CP850].map(|page| page.chars().nth(place.into()));
    match page {
        Some(OemPage::Cp437) => us,
        Some(OemPage::Cp850) => europe,
        None => us.filter(|_| us == europe),
    }
}
