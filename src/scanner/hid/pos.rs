//! HID POS scanners: input reports to scans (USB-IF, HID Point of Sale Usage Tables
//! 1.02, usage page 0x8C).
//!
//! A report holds a length, the AIM symbology identifier in bytes of its own, data, and
//! whether the code goes on in the next report. Where these are differs by maker: the
//! report descriptor tells, and [`Maker`] stands in where it is missing or known to be
//! wrong. Data bytes go to the framer, with the identifier in front of a code's first
//! one as `]cm`; the first report that does not go on ends the frame. A report that
//! contradicts its layout is damage: it is not taken to mean something else.
//!
//! Answers to commands come in the same reports and are kept apart from scans.

use super::descriptor::{self, Direction, Elements, Field};
use crate::scanner::framer::{End, Framer, Item, Outcome, Profile, VoidReason};
use std::ops::Range;
use std::time::Duration;

const SCANNER: u32 = 0x8c_0002;
const BYTE_COUNT: u32 = 0x01_003b;
const AIM: [u32; 3] = [0x8c_00fb, 0x8c_00fc, 0x8c_00fd];
const DATA: u32 = 0x8c_00fe;
const CONTINUED: u32 = 0x8c_00ff;

/// Bytes of a report of the makers that are known.
const BLOCK: usize = 64;

/// Bytes of the longest answer to a command that is kept.
const ANSWER_MAX: usize = 4096;

/// Answers that nobody has asked for yet.
const ANSWERS_MAX: usize = 16;

/// Where things are in the input reports of a scanner, in bytes from the beginning of
/// the report, the report id included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    /// None where the device numbers no reports.
    report_id: Option<u8>,
    length: usize,
    /// None: the maker sends the identifier as data, or not at all.
    aim: Option<usize>,
    data: Range<usize>,
    /// The byte and the bit that say that the code goes on.
    continued: Option<(usize, u8)>,
    answers: Answers,
}

/// How answers to commands are told from codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answers {
    /// `]X0` with this byte 0x3F or while a command is open; `]Z6`.
    Aim {
        maker_type: usize,
    },
    /// Data that begins with 02 00: an engine's answer frame.
    Frame,
    None,
}

/// Layouts that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Maker {
    /// Honeywell, Hand Held Products, Access-IS.
    Honeywell,
    /// Newland and boards of that family: the identifier is part of the data.
    Newland,
    /// Symbol 05e0:0600: a length and data, no identifier, nothing that goes on.
    SimpleCom,
}

impl Maker {
    /// The layout that a USB id is known for.
    pub(crate) fn of(vendor: u16, product: u16) -> Option<Self> {
        match (vendor, product) {
            (0x0c2e | 0x0536 | 0x0db5, _) => Some(Self::Honeywell),
            (0x1eab, _) => Some(Self::Newland),
            (0x05e0, 0x0600) => Some(Self::SimpleCom),
            _ => None,
        }
    }

    /// Its layout.
    pub(crate) fn layout(self) -> Layout {
        match self {
            Self::Honeywell => Layout {
                report_id: Some(2),
                length: 1,
                aim: Some(2),
                data: 5..61,
                continued: Some((63, 1)),
                answers: Answers::Aim { maker_type: 61 },
            },
            Self::Newland => Layout {
                report_id: Some(2),
                length: 1,
                aim: None,
                data: 2..58,
                continued: Some((63, 1)),
                answers: Answers::Frame,
            },
            Self::SimpleCom => Layout {
                report_id: None,
                length: 0,
                aim: None,
                data: 1..64,
                continued: None,
                answers: Answers::None,
            },
        }
    }
}

impl Layout {
    /// The layout of a device: what its descriptor says, or what its maker is known for
    /// where the descriptor has no HID POS data report or is known to be wrong. None:
    /// it is no HID POS scanner that we know how to read.
    pub(crate) fn of(descriptor: &[u8], vendor: u16, product: u16) -> Option<Self> {
        let maker = Maker::of(vendor, product);
        // Newland's reports are the standard's example with data in the identifier's place.
        if maker == Some(Maker::Newland) {
            return maker.map(Maker::layout);
        }
        let described = descriptor::fields(descriptor).ok();
        let described = described.and_then(|fields| Self::described(&fields, maker));
        described.or_else(|| maker.map(Maker::layout))
    }

    /// Whether a descriptor names a HID POS scanner.
    pub(crate) fn is_described(descriptor: &[u8]) -> bool {
        let fields = descriptor::fields(descriptor).unwrap_or_default();
        fields.iter().any(|field| field.application == SCANNER)
    }

    /// The layout of a known maker that most of these reports fit, if most fit one.
    pub(crate) fn seen(reports: &[&[u8]]) -> Option<Self> {
        let fits = |layout: &Self| {
            let scanner = HidPos::new(layout.clone(), Duration::ZERO);
            let ours = reports.iter().filter(|report| report.len() >= BLOCK);
            let numbered = |r: &&&[u8]| layout.report_id.is_none_or(|id| r.first() == Some(&id));
            let fit = ours
                .filter(numbered)
                .filter(|report| scanner.read(report).is_some());
            fit.count() * 2
        };
        let makers = [Maker::Honeywell, Maker::Newland, Maker::SimpleCom];
        let layouts = makers.map(|maker| (fits(&maker.layout()), maker.layout()));
        let most = layouts.iter().map(|(fit, _)| *fit).max()?;
        let best = layouts.into_iter().find(|(fit, _)| *fit == most);
        best.filter(|(fit, _)| *fit > reports.len())
            .map(|(_, layout)| layout)
    }

    fn described(fields: &[Field], maker: Option<Maker>) -> Option<Self> {
        let data = fields
            .iter()
            .find(|f| f.is(DATA) && f.application == SCANNER)?;
        let beside = |usage| {
            let mut others = fields.iter();
            others.find(|f| f.is(usage) && f.report_id == data.report_id)
        };
        let start = data.byte().filter(|_| data.size == 8)?;
        let length = beside(BYTE_COUNT).filter(|f| f.size == 8)?.byte()?;
        // Three bytes in a row, in their order, or none at all.
        let aim = match AIM.map(|usage| beside(usage).filter(|f| f.size == 8)?.byte()) {
            [Some(a), Some(b), Some(c)] if (b, c) == (a + 1, a + 2) => Some(a),
            [None, None, None] => None,
            _ => return None,
        };
        let continued = match beside(CONTINUED) {
            Some(f) if f.size == 1 => {
                let byte = usize::try_from(f.offset / 8).ok()?;
                Some((byte, 1 << (f.offset % 8)))
            }
            Some(f) if f.size == 8 => Some((f.byte()?, 1)),
            Some(_) => return None,
            None => None,
        };
        let answers = match (maker, aim) {
            // Its type byte has no usage in the descriptor; it follows the data.
            (Some(Maker::Honeywell), Some(_)) => Maker::Honeywell.layout().answers,
            _ => Answers::None,
        };
        Some(Self {
            report_id: (data.report_id != 0).then_some(data.report_id),
            length,
            aim,
            data: start..start + usize::try_from(data.count).ok()?,
            continued,
            answers,
        })
    }

    /// Where the data of a report is, and whether its identifier stands elsewhere.
    pub(crate) fn data_of(&self, report: &[u8]) -> Option<(Range<usize>, bool)> {
        let length = usize::from(*report.get(self.length)?);
        let end = (self.data.start + length)
            .min(self.data.end)
            .min(report.len());
        let apart = self.aim.is_some_and(|at| report.get(at) == Some(&b']'));
        Some((self.data.start..end.max(self.data.start), apart))
    }

    /// Bytes of a report that has all of it.
    fn size(&self) -> usize {
        let continued = self.continued.map_or(0, |(byte, _)| byte + 1);
        let aim = self.aim.map_or(0, |aim| aim + 3);
        self.data.end.max(continued).max(aim).max(self.length + 1)
    }
}

impl Field {
    fn is(&self, usage: u32) -> bool {
        self.direction == Direction::Input
            && self.usage == usage
            && (self.elements == Elements::Same || self.count == 1)
    }

    fn byte(&self) -> Option<usize> {
        let aligned = self.offset.is_multiple_of(8);
        aligned.then(|| usize::try_from(self.offset / 8).ok())?
    }
}

/// What one report says.
struct Report<'a> {
    /// Zeros where the scanner sent none.
    aim: [u8; 3],
    data: &'a [u8],
    continued: bool,
    answer: bool,
}

/// A HID POS scanner's whole path, from input reports to scans.
pub(crate) struct HidPos {
    pub(crate) framer: Framer,
    layout: Layout,
    /// The identifier of the code that is going on.
    going_on: Option<[u8; 3]>,
    /// A command was sent and its status has not come.
    command: bool,
    /// The answer that is going on.
    answer: Option<Vec<u8>>,
    answers: Vec<Vec<u8>>,
}

impl HidPos {
    /// A scanner at the beginning of a stream. `gap`: the longest silence inside a code.
    pub(crate) fn new(layout: Layout, gap: Duration) -> Self {
        Self {
            framer: Framer::new(Profile {
                end: End::Report,
                gap,
            }),
            layout,
            going_on: None,
            command: false,
            answer: None,
            answers: Vec::new(),
        }
    }

    /// How its reports are laid out.
    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// A command that is answered was sent: `]X0` and `]Z6` are its answer.
    pub(crate) fn commanded(&mut self) {
        self.command = true;
    }

    /// The answers to commands since the last call, without identifiers.
    pub(crate) fn answers(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.answers)
    }

    /// Takes the next input report as hidraw gives it: with its id, if it has one.
    /// Reports with another id are none of ours.
    pub(crate) fn feed(&mut self, at: Duration, report: &[u8], out: &mut Vec<Outcome>) {
        let id = self.layout.report_id;
        if id.is_some() && report.first().copied() != id {
            return;
        }
        let Some(report) = self.read(report) else {
            self.going_on = None;
            return self.framer.feed(at, Item::Damage(VoidReason::Report), out);
        };
        if report.answer {
            return self.answered(&report);
        }
        match self.going_on {
            // Each report of a code names the same carrier.
            Some(aim) if report.aim != aim && report.aim != [0; 3] => {
                self.framer.feed(at, Item::Damage(VoidReason::Report), out);
            }
            Some(_) => {}
            // A status: nothing was decoded.
            None if report.data.is_empty() && !report.continued => return,
            None if report.aim == [0; 3] => {}
            None => self.bytes(at, &report.aim, out),
        }
        self.bytes(at, report.data, out);
        if report.continued {
            self.going_on.get_or_insert(report.aim);
        } else {
            self.going_on = None;
            self.framer.feed(at, Item::End, out);
        }
    }

    fn bytes(&mut self, at: Duration, bytes: &[u8], out: &mut Vec<Outcome>) {
        for byte in bytes {
            self.framer.feed(at, Item::Byte(*byte), out);
        }
    }

    /// What a report says; none when it contradicts the layout.
    fn read<'a>(&self, report: &'a [u8]) -> Option<Report<'a>> {
        let layout = &self.layout;
        if report.len() < layout.size() {
            return None;
        }
        let room = report.get(layout.data.clone())?;
        let length = usize::from(*report.get(layout.length)?);
        let (data, unused) = room.split_at_checked(length)?;
        let aim: [u8; 3] = match layout.aim {
            Some(at) => report.get(at..at + 3)?.try_into().ok()?,
            None => [0; 3],
        };
        match aim {
            [0, 0, 0] => {}
            [b']', carrier, modifier]
                if carrier.is_ascii_alphabetic() && modifier.is_ascii_alphanumeric() => {}
            // Data, or an identifier that is shifted: the maker's layout is another one.
            _ => return None,
        }
        // An identifier in the data whose length leaves it out: the layout is another one.
        let identified = layout.aim.is_none() && data.first() == Some(&b']');
        if identified && unused.iter().any(|byte| *byte != 0) {
            return None;
        }
        let continued = match layout.continued {
            Some((byte, bit)) => report.get(byte)? & bit != 0,
            // A block that is full may go on in the next one, and nothing says so; one that
            // is not ends in zeros.
            None if unused.is_empty() || unused.iter().any(|byte| *byte != 0) => return None,
            None => false,
        };
        let begun = self.answer.is_some();
        let answer = match layout.answers {
            Answers::Aim { maker_type } => match &aim {
                b"]Z6" => true,
                b"]X0" => begun || self.command || report.get(maker_type) == Some(&0x3f),
                _ => false,
            },
            Answers::Frame => begun || self.going_on.is_none() && data.starts_with(&[2, 0]),
            Answers::None => false,
        };
        Some(Report {
            aim,
            data,
            continued,
            answer,
        })
    }

    fn answered(&mut self, report: &Report<'_>) {
        let mut answer = self.answer.take().unwrap_or_default();
        let room = ANSWER_MAX - answer.len();
        answer.extend(report.data.iter().take(room));
        if report.aim == *b"]Z6" {
            self.command = false;
        }
        if report.continued {
            self.answer = Some(answer);
        } else if self.answers.len() < ANSWERS_MAX {
            self.answers.push(answer);
        }
    }
}
