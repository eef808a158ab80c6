//! What the keys of each country's keyboard mean, by Shift and AltGr.
//!
//! The common tables of xkeyboard-config, and the positions of the Windows layouts where
//! scanner makers use others: every position that is not doubtful is listed, so a
//! character may have several. Where two layouts of one country differ the key has no
//! meaning here, and neither have characters beyond ASCII at the AltGr level.

use super::keymap::{Accent, Layout, Symbol};
use std::iter;
use std::sync::LazyLock;

/// Evdev codes of the 48 keys, in the order of the tables: `` ` 1 … 0 - = ``,
/// `q … p [ ]`, `a … l ; ' \`, the key beside left Shift `z … m , . /` of a US keyboard.
const CODES: [u16; 48] = [
    41, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, //
    16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, //
    30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 43, //
    86, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53,
];

/// Plain, Shift, AltGr, Shift and AltGr. `·`: no meaning. Dead keys are `ˋ ˊ ˆ ˜ ¨`.
type Levels = [&'static str; 4];

const NONE: char = '·';

const US: Levels = [
    "`1234567890-=  qwertyuiop[]  asdfghjkl;'\\  ·zxcvbnm,./",
    "~!@#$%^&*()_+  QWERTYUIOP{}  ASDFGHJKL:\"|  ·ZXCVBNM<>?",
    "",
    "",
];

const GB: Levels = [
    "`1234567890-=  qwertyuiop[]  asdfghjkl;'#  \\zxcvbnm,./",
    "¬!\"£$%^&*()_+  QWERTYUIOP{}  ASDFGHJKL:@~  |ZXCVBNM<>?",
    "····€········  ··€·········  ············  ···········",
    "",
];

const FR: Levels = [
    "²&é\"'(-è_çà)=  azertyuiopˆ$  qsdfghjklmù*  <wxcvbn,;:!",
    "~1234567890°+  AZERTYUIOP¨£  QSDFGHJKLM%µ  >WXCVBN?./§",
    "··˜#{[|ˋ\\^@]}  ··€·········  ············  ···········",
    "",
];

const BE: Levels = [
    "²&é\"'(§è!çà)-  azertyuiopˆ$  qsdfghjklmùµ  <wxcvbn,;:=",
    "³1234567890°_  AZERTYUIOP¨*  QSDFGHJKLM%£  >WXCVBN?./+",
    "·|@#··^{[{}\\]  ··€·······[]  ··········ˊˋ  \\·········˜",
    "",
];

const DE: Levels = [
    "ˆ1234567890ßˊ  qwertzuiopü+  asdfghjklöä#  <yxcvbnm,.-",
    "°!\"§$%&/()=?ˋ  QWERTZUIOPÜ*  ASDFGHJKLÖÄ'  >YXCVBNM;:_",
    "·······{[]}\\·  @·€········~  ············  |··········",
    "",
];

// The accented letters of German and French Switzerland change places with Shift.
const CH: Levels = [
    "§1234567890'ˆ  qwertzuiop·¨  asdfghjkl··$  <yxcvbnm,.-",
    "°+\"*ç%&/()=?ˋ  QWERTZUIOP·!  ASDFGHJKL··£  >YXCVBNM;:_",
    "·|@#···|·]}ˊ˜  ··€·······[]  ··········{}  \\··········",
    "",
];

const ES: Levels = [
    "º1234567890'¡  qwertyuiopˋ+  asdfghjklñˊç  <zxcvbnm,.-",
    "ª!\"·$%&/()=?¿  QWERTYUIOPˆ*  ASDFGHJKLÑ¨Ç  >ZXCVBNM;:_",
    "\\|@#˜··{[]}\\·  ··€·······[]  ··········{}  |··········",
    "",
];

const IT: Levels = [
    "\\1234567890'ì  qwertyuiopè+  asdfghjklòàù  <zxcvbnm,.-",
    "|!\"£$%&/()=?^  QWERTYUIOPé*  ASDFGHJKLç°§  >ZXCVBNM;:_",
    "·······{[]}`~  @·€·······[]  ·········@#·  ···········",
    "·············  ··········{}  ············  ···········",
];

/// Places where one table has an accent and another a dead key: an accent unless a letter
/// follows that it could stand on.
const SOFT: [(Layout, usize, u16); 3] = [
    (Layout::Fr, ALTGR, 3),
    (Layout::Fr, ALTGR, 8),
    (Layout::Es, ALTGR, 5),
];

const ALTGR: usize = 2;

const fn levels(layout: Layout) -> &'static Levels {
    match layout {
        Layout::Us => &US,
        Layout::Gb => &GB,
        Layout::Fr => &FR,
        Layout::Be => &BE,
        Layout::De => &DE,
        Layout::Ch => &CH,
        Layout::Es => &ES,
        Layout::It => &IT,
    }
}

/// By level and evdev code; none for a key that is not of the main block.
type Table = [[Option<Symbol>; 87]; 4];

/// By the order of [`Layout::ALL`]; read once, for the texts above are for people.
static TABLES: LazyLock<[Table; 8]> = LazyLock::new(|| Layout::ALL.map(|(_, of)| table(of)));

fn table(layout: Layout) -> Table {
    let mut table = [[None; 87]; 4];
    for (level, text) in levels(layout).iter().enumerate() {
        let characters = text.chars().filter(|c| *c != ' ');
        // A level without a text gives no key a meaning.
        for (code, character) in CODES.into_iter().zip(characters.chain(iter::repeat(NONE))) {
            table[level][usize::from(code)] = Some(match Accent::of(character) {
                _ if character == NONE => Symbol::None,
                Some(accent) if SOFT.contains(&(layout, level, code)) => Symbol::Soft(accent),
                Some(accent) => Symbol::Dead(accent),
                None => Symbol::Character(character),
            });
        }
    }
    table
}

/// What a key of the main block gives; none for a key that is not of it.
pub(super) fn symbol(layout: Layout, code: u16, shift: bool, altgr: bool) -> Option<Symbol> {
    let level = usize::from(shift) + 2 * usize::from(altgr);
    let table = &TABLES[layout as usize];
    table[level].get(usize::from(code)).copied().flatten()
}

/// The keys of the main block, in the order of the tables.
pub(super) fn codes() -> impl Iterator<Item = u16> {
    CODES.into_iter()
}
