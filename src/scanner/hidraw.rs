//! HID POS scanners (usage page 0x8C) through their hidraw node.
//!
//! The node is a plain file whose reads are whole reports, so it is read as one, in
//! epoll; the `hidapi` crate would add a library's worth of C for the same `read`. The
//! kernel's queue is 64 reports and drops new ones without a word, which the reader's
//! own thread prevents; what is cut is void by its length or its gap.
//!
//! hidraw knows no grab: a lock keeps a second `qrpayd` off, and a keyboard that the
//! same device also has is grabbed, so that nothing is typed past us.

use super::evdev::Silenced;
use super::failure::OpenError;
use super::feedback::{Feedback, Sound};
use super::framer::Outcome;
use super::hid::descriptor::{self, Direction, Field};
use super::hid::pos::{HidPos, Layout};
use super::matching::Match;
use super::reader::{Arrival, Device, poll_file, register};
use super::tree::{Class, Node, Tree, UsbPort};
use rustix::fs::{FlockOperation, OFlags, flock};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::io::unix::AsyncFd;
use tokio::task::JoinHandle;
use zeroize::{Zeroize, Zeroizing};

/// HID Point of Sale Usage Tables 1.02.
const SCANNER: u32 = 0x8c_0002;
const ERROR_BEEP: u32 = 0x8c_0085;
const GOOD_READ_BEEP: u32 = 0x8c_0086;

/// Longer than any report of a scanner; they have 64 bytes.
const REPORT_MAX: usize = 1024;

/// A HID POS scanner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Which device.
    pub matching: Match,
    /// The longest silence inside a code of several reports.
    pub gap: Duration,
    /// Its sounds.
    pub feedback: Feedback,
}

pub(crate) struct Raw {
    file: AsyncFd<File>,
    reports: Reports,
    /// For writing, which may take the device's time: another thread does it.
    writer: Option<File>,
    writing: Option<JoinHandle<()>>,
    sounds: [Option<Vec<u8>>; 2],
    _keyboard: Silenced,
    port: Option<UsbPort>,
}

/// What is done with the reports.
struct Reports {
    pos: HidPos,
    opened: Instant,
    buffer: Zeroizing<[u8; REPORT_MAX]>,
    outcomes: Vec<Outcome>,
}

impl Device for Raw {
    type Settings = Settings;

    fn names(settings: &Settings) -> Vec<PathBuf> {
        vec![Tree::of_machine().name_of(Class::Hidraw, &settings.matching)]
    }

    fn open(settings: &Settings, _: bool) -> Result<Self, OpenError> {
        let tree = Tree::of_machine();
        let (path, node, layout) = find(&tree, &settings.matching)?;
        let named = |error: io::Error| OpenError::of(&error, path.display().to_string());
        let nonblocking = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
        let mut options = OpenOptions::new();
        options.read(true).custom_flags(nonblocking);
        // Writing is for the sounds alone.
        let both = options.clone().write(true).open(&path);
        let (file, writable) = match both {
            Ok(file) => (file, true),
            Err(_) => (options.open(&path).map_err(named)?, false),
        };
        flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|error| match error {
            rustix::io::Errno::WOULDBLOCK => OpenError::Busy(path.display().to_string()),
            error => named(error.into()),
        })?;
        let keyboard = Silenced::beside(&tree, &node)?;
        let fields = descriptor::fields(&node.report_descriptor()).unwrap_or_default();
        let mut pos = HidPos::new(layout, settings.gap);
        pos.framer.opened(Duration::ZERO);
        let writer = writable
            .then(|| file.try_clone())
            .transpose()
            .map_err(named)?;
        tracing::info!(device = Tree::describe(&path, Some(&node)), "opened");
        Ok(Self {
            reports: Reports {
                pos,
                opened: Instant::now(),
                buffer: Zeroizing::new([0; REPORT_MAX]),
                outcomes: Vec::new(),
            },
            writer,
            writing: None,
            sounds: [Sound::Accepted, Sound::Refused]
                .map(|sound| report_of(&settings.feedback, sound, &fields)),
            file: register(file).map_err(named)?,
            _keyboard: keyboard,
            port: node.port(),
        })
    }

    fn port(&self) -> Option<UsbPort> {
        self.port.clone()
    }

    fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        arrivals: &mut Vec<Arrival>,
    ) -> Poll<io::Result<()>> {
        let Self { file, reports, .. } = self;
        poll_file(file, context, |file| reports.read(file, arrivals))
    }

    fn read(&mut self, arrivals: &mut Vec<Arrival>) -> io::Result<()> {
        self.reports.read(self.file.get_mut(), arrivals)
    }

    fn patience(&self) -> Option<Duration> {
        self.reports.pos.framer.patience()
    }

    fn silence(&mut self, outcomes: &mut Vec<Outcome>) {
        self.reports.pos.framer.silence(outcomes);
    }

    fn unplugged(&mut self, outcomes: &mut Vec<Outcome>) {
        self.reports.pos.framer.unplugged(outcomes);
    }

    fn is_settled(&self) -> bool {
        self.reports.pos.framer.is_settled()
    }

    fn sound(&mut self, sound: Sound) -> Option<bool> {
        let [accepted, refused] = &self.sounds;
        let report = match sound {
            Sound::Accepted => accepted.clone(),
            Sound::Refused => refused.clone(),
        }?;
        if self
            .writing
            .as_ref()
            .is_some_and(|writing| !writing.is_finished())
        {
            return Some(false);
        }
        let Some(Ok(mut writer)) = self.writer.as_ref().map(File::try_clone) else {
            return Some(false);
        };
        if report.first() == Some(&0xfd) {
            // A command, which is answered in the stream of the codes.
            self.reports.pos.commanded();
        }
        self.writing = Some(tokio::task::spawn_blocking(move || {
            // A device that does not take it makes no sound; the page does.
            let _ = writer.write_all(&report);
        }));
        Some(true)
    }
}

impl Reports {
    fn read(&mut self, mut file: &File, arrivals: &mut Vec<Arrival>) -> io::Result<()> {
        let length = file.read(self.buffer.as_mut_slice())?;
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let now = Instant::now();
        let report = &self.buffer[..length];
        self.pos.feed(now - self.opened, report, &mut self.outcomes);
        self.buffer.as_mut_slice().zeroize();
        let outcomes = self.outcomes.drain(..);
        arrivals.extend(outcomes.map(|outcome| Arrival::new(outcome, now)));
        // Nothing is sent to the engine that it answers; what it says unasked is no code.
        self.pos.answers();
        Ok(())
    }
}

/// The node of the scanner's HID POS interface, and where its reports hold what. A
/// device that also types has a node for its keyboard beside it.
fn find(tree: &Tree, matching: &Match) -> Result<(PathBuf, Node, Layout), OpenError> {
    let described = |node: &Node| {
        let fields = descriptor::fields(&node.report_descriptor()).unwrap_or_default();
        fields.iter().any(|field| field.application == SCANNER)
    };
    let (path, node) = match tree.find(Class::Hidraw, matching, described) {
        // Some boards describe something else, or nothing; their makers are known.
        Err(OpenError::Absent(_)) => tree.find(Class::Hidraw, matching, |node| {
            layout(node).is_some() && !is_keyboard(node)
        }),
        found => found,
    }
    .or_else(|error| match error {
        // What there is then is to be told, even if it is of no use.
        OpenError::Absent(_) => tree.find(Class::Hidraw, matching, |_| true),
        error => Err(error),
    })?;
    let name = path.display().to_string();
    let Some(node) = node else {
        let error = std::fs::metadata(&path).err();
        return Err(match error {
            Some(error) => OpenError::of(&error, name),
            None => OpenError::Unusable(name, "it is no hidraw node".to_owned()),
        });
    };
    match layout(&node).filter(|_| !is_keyboard(&node)) {
        Some(layout) => Ok((path, node, layout)),
        None => Err(OpenError::Unusable(name, advice(&node))),
    }
}

fn layout(node: &Node) -> Option<Layout> {
    let (vendor, product) = node.ids.unwrap_or_default();
    // SurePOS has its own commands; its reports only look like codes.
    match spoken(node.ids) {
        Some(_) => None,
        None => Layout::of(&node.report_descriptor(), vendor, product),
    }
}

/// A keyboard's interface, which a known maker's layout does not make a HID POS one.
fn is_keyboard(node: &Node) -> bool {
    let fields = descriptor::fields(&node.report_descriptor()).unwrap_or_default();
    fields
        .iter()
        .any(|field| field.usage >> 16 == u32::from(descriptor::PAGE_KEYS))
}

/// The language of devices that are known to speak another one.
fn spoken(ids: Option<(u16, u16)>) -> Option<&'static str> {
    match ids? {
        (0x0c2e, 0x0007) | (0x05f9, 0x1206) | (0x05e0, 0x1300) => Some("IBM SurePOS (USB OEM)"),
        (0x05e0, 0x1900) => Some("SNAPI"),
        _ => None,
    }
}

fn advice(node: &Node) -> String {
    match spoken(node.ids) {
        Some(language) => format!(
            "it is set to {language}, which only its maker's software speaks: scan the set-up \
             code \"USB HID POS\", \"USB serial\" or \"USB keyboard\" of its manual"
        ),
        None => "it is no HID POS scanner (its report descriptor has no usage page 8C): scan the \
                 set-up code \"USB HID POS\" of its manual, or use kind = \"evdev\" or \"serial\""
            .to_owned(),
    }
}

/// The output report that makes a sound.
fn report_of(feedback: &Feedback, sound: Sound, fields: &[Field]) -> Option<Vec<u8>> {
    if *feedback != Feedback::Usages {
        return feedback.bytes(sound).map(<[u8]>::to_vec);
    }
    let usage = match sound {
        Sound::Accepted => GOOD_READ_BEEP,
        Sound::Refused => ERROR_BEEP,
    };
    let output = |field: &&Field| field.direction == Direction::Output;
    let field = fields.iter().filter(output).find(|f| f.usage == usage)?;
    let same = fields
        .iter()
        .filter(output)
        .filter(|f| f.report_id == field.report_id);
    let end = same.map(|f| f.offset + f.size * f.count).max()?;
    let bytes = usize::try_from(end.div_ceil(8)).ok()?;
    let mut report = vec![0; bytes];
    let at = usize::try_from(field.offset / 8).ok()?;
    *report.get_mut(at)? |= 1 << (field.offset % 8);
    match field.report_id {
        // hidraw wants a zero in front where reports have no number.
        0 => report.insert(0, 0),
        id => report[0] = id,
    }
    Some(report)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::tree::tests::Machine;
    use super::*;

    /// Application 8C:02; input report 2: count, three of identifier, 56 of data, a bit
    /// that goes on; output report 4: five bits of padding, error beep, good read beep.
    const POS: &[u8] = &[
        0x05, 0x8c, 0x09, 0x02, 0xa1, 0x01, 0x85, 0x02, 0x05, 0x01, 0x09, 0x3b, 0x15, 0x00, 0x26,
        0xff, 0x00, 0x75, 0x08, 0x95, 0x01, 0x81, 0x02, 0x05, 0x8c, 0x09, 0xfb, 0x09, 0xfc, 0x09,
        0xfd, 0x95, 0x03, 0x81, 0x02, 0x09, 0xfe, 0x95, 0x38, 0x82, 0x02, 0x01, 0x95, 0x02, 0x81,
        0x03, 0x09, 0xff, 0x25, 0x01, 0x75, 0x01, 0x95, 0x01, 0x81, 0x02, 0x95, 0x07, 0x81, 0x03,
        0x85, 0x04, 0x95, 0x05, 0x91, 0x03, 0x09, 0x85, 0x09, 0x86, 0x95, 0x02, 0x91, 0x02, 0x95,
        0x01, 0x91, 0x03, 0xc0,
    ];
    /// A boot keyboard.
    const KEYBOARD: &[u8] = &[
        0x05, 0x01, 0x09, 0x06, 0xa1, 0x01, 0x05, 0x07, 0x19, 0xe0, 0x29, 0xe7, 0x15, 0x00, 0x25,
        0x01, 0x75, 0x01, 0x95, 0x08, 0x81, 0x02, 0xc0,
    ];
    /// A page of the maker's own.
    const OWN: &[u8] = &[
        0x06, 0x45, 0xff, 0x09, 0x01, 0xa1, 0x01, 0x09, 0x01, 0x75, 0x08, 0x95, 0x40, 0x81, 0x02,
        0xc0,
    ];

    const HONEYWELL: (&str, &str) = ("0c2e", "0b87");

    fn found(machine: &Machine, ids: (u16, u16)) -> String {
        let matching = Match::Ids {
            vendor: ids.0,
            product: ids.1,
            serial: None,
        };
        match find(&machine.tree(), &matching) {
            Ok((path, ..)) => path.file_name().unwrap().to_str().unwrap().to_owned(),
            Err(error) => {
                let root = machine.path("dev/").display().to_string();
                error.to_string().replace(&root, "")
            }
        }
    }

    #[test]
    fn the_hid_pos_interface_is_found_beside_the_keyboard() {
        let machine = Machine::new();
        machine.plug("2", HONEYWELL, "");
        machine.hidraw("2", 0, HONEYWELL, "hidraw0", KEYBOARD);
        let no_pos = "cannot use hidraw0: it is no HID POS scanner (its report descriptor has no \
                      usage page 8C): scan the set-up code \"USB HID POS\" of its manual, or use \
                      kind = \"evdev\" or \"serial\"";
        assert_eq!(found(&machine, (0x0c2e, 0x0b87)), no_pos);
        // A known maker whose descriptor says nothing.
        machine.hidraw("2", 1, HONEYWELL, "hidraw1", OWN);
        assert_eq!(found(&machine, (0x0c2e, 0x0b87)), "hidraw1");
        machine.hidraw("2", 2, HONEYWELL, "hidraw2", POS);
        assert_eq!(found(&machine, (0x0c2e, 0x0b87)), "hidraw2");
    }

    #[test]
    fn reports_become_scans_and_the_end_of_them_an_error() {
        // Keeps reports apart, as hidraw does.
        let (scanner, ours) = std::os::unix::net::UnixDatagram::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let file = File::from(std::os::fd::OwnedFd::from(ours));
        let layout = Layout::of(POS, 0x0c2e, 0x0b87).unwrap();
        let mut reports = Reports {
            pos: HidPos::new(layout, Duration::from_millis(300)),
            opened: Instant::now(),
            buffer: Zeroizing::new([0; REPORT_MAX]),
            outcomes: Vec::new(),
        };
        let mut report = [0; 64];
        report[..9].copy_from_slice(b"\x02\x04]Q12812");
        scanner.send(&report).unwrap();
        // Shorter than its layout.
        scanner.send(&report[..20]).unwrap();
        let mut arrivals = Vec::new();
        reports.read(&file, &mut arrivals).unwrap();
        reports.read(&file, &mut arrivals).unwrap();
        let outcomes: Vec<_> = arrivals
            .into_iter()
            .map(|arrival| arrival.outcome)
            .collect();
        assert_eq!(
            outcomes,
            [
                Outcome::Scan(crate::domain::code::PaymentCode::new(b"]Q12812")),
                Outcome::Void(super::super::framer::VoidReason::Report),
            ]
        );
        let error = reports.read(&file, &mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
        assert!(reports.buffer.iter().all(|byte| *byte == 0));
    }

    #[test]
    fn what_speaks_another_language_is_told_what_to_scan() {
        let machine = Machine::new();
        machine.plug("2", ("05e0", "1300"), "");
        machine.hidraw("2", 0, ("05e0", "1300"), "hidraw0", OWN);
        let said = found(&machine, (0x05e0, 0x1300));
        assert!(said.contains("IBM SurePOS (USB OEM)"), "{said}");
        assert_eq!(
            found(&machine, (0x05e0, 0x1301)),
            "scanner 05e0:1301 is not there: plug the scanner in, or correct its match"
        );
    }

    #[test]
    fn a_sound_is_the_bit_that_the_descriptor_names() {
        let fields = descriptor::fields(POS).unwrap();
        let report = |sound| report_of(&Feedback::Usages, sound, &fields);
        assert_eq!(report(Sound::Accepted), Some(vec![4, 0b0100_0000]));
        assert_eq!(report(Sound::Refused), Some(vec![4, 0b0010_0000]));
        assert_eq!(report_of(&Feedback::Usages, Sound::Refused, &[]), None);
        let own = Feedback::Bytes {
            accepted: vec![4, 0x40],
            refused: vec![4, 0x20],
        };
        assert_eq!(report_of(&own, Sound::Refused, &[]), Some(vec![4, 0x20]));
        assert_eq!(report_of(&Feedback::None, Sound::Refused, &fields), None);
    }
}
