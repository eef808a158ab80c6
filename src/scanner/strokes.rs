//! The keys of a scan, for a program that shall not notice that it was read first.
//!
//! A keyboard scanner's scan is typed on as its own keys, with their pauses: prefix,
//! characters in whatever form, terminator, and what comes after the terminator until
//! the next scan begins (a release, the LF of CR LF). Other scanners' scans become
//! the keys of a country's keyboard.

use super::keymap::{ENTER, LEFTSHIFT, Layout, RIGHTALT, SPACE, TAB};
use super::typing::NotTypable;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::sync::mpsc;

/// Keys of one scan at most: more than the longest frame takes as ALT codes.
const STROKES_MAX: usize = 16 * 1024;

/// Keys after a terminator that wait to be typed.
const TAIL_MAX: usize = 64;

/// A key that goes down or comes up.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stroke {
    pub(crate) code: u16,
    pub(crate) down: bool,
    /// Since the stroke before.
    pub(crate) pause: Duration,
}

/// The keys of a scan. It has no `Debug`: keys are code.
pub(crate) struct Keystrokes {
    pub(crate) head: Vec<Stroke>,
    /// What comes after the terminator.
    pub(crate) tail: Option<mpsc::Receiver<Stroke>>,
}

impl Drop for Keystrokes {
    fn drop(&mut self) {
        wipe(&mut self.head);
    }
}

fn wipe(strokes: &mut Vec<Stroke>) {
    for stroke in &mut *strokes {
        stroke.code = 0;
    }
    strokes.clear();
}

/// Where the stream of a keyboard scanner stands after a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Between scans.
    Idle,
    /// In a scan.
    Frame,
    /// In what is void.
    Void,
    /// Just opened: what comes may have begun before.
    Opening,
}

/// Remembers the keys of a keyboard scanner until a scan is whole.
pub(crate) struct Capture {
    /// The longest pause that is typed on; longer ones are no part of a scan.
    gap: Duration,
    pending: Vec<Stroke>,
    held: BTreeSet<u16>,
    last: Duration,
    phase: Phase,
    tail: Option<mpsc::Sender<Stroke>>,
}

impl Capture {
    /// Of a device that was opened at this time.
    pub(crate) fn new(opened: Duration, gap: Duration) -> Self {
        Self {
            gap,
            pending: Vec::new(),
            held: BTreeSet::new(),
            last: opened,
            phase: Phase::Opening,
            tail: None,
        }
    }

    /// Takes a key that moved, and where the stream stands after it.
    pub(crate) fn key(&mut self, at: Duration, code: u16, down: bool, phase: Phase) {
        let pause = at.saturating_sub(std::mem::replace(&mut self.last, at));
        match down {
            true => self.held.insert(code),
            false => self.held.remove(&code),
        };
        let before = std::mem::replace(&mut self.phase, phase);
        // What ends a void is its terminator, which is no part of the next scan. An
        // opening also ends by silence, and then this key begins something.
        let ended_by_key = match before {
            Phase::Void => true,
            Phase::Opening => pause <= self.gap,
            Phase::Idle | Phase::Frame => false,
        };
        if ended_by_key || matches!(phase, Phase::Void | Phase::Opening) {
            self.forget();
            return;
        }
        let pause = pause.min(self.gap);
        if self.pending.len() < STROKES_MAX {
            self.pending.push(Stroke { code, down, pause });
        }
        match phase {
            // The next scan has begun; what is pending is its first key and its Shift.
            Phase::Frame => self.tail = None,
            _ if self.held.is_empty() => self.flush(),
            _ => {}
        }
    }

    /// Every key is up between two scans: what was pressed belongs to the one before,
    /// as long as anybody types it.
    fn flush(&mut self) {
        let Some(tail) = &self.tail else { return };
        let typed = self
            .pending
            .iter()
            .all(|stroke| tail.try_send(*stroke).is_ok());
        match typed {
            true => wipe(&mut self.pending),
            false => self.tail = None,
        }
    }

    /// The scan that has just ended; none when it had too many keys.
    pub(crate) fn scan(&mut self) -> Option<Keystrokes> {
        let (sender, tail) = mpsc::channel(TAIL_MAX);
        let whole = self.pending.len() < STROKES_MAX;
        let head = std::mem::take(&mut self.pending);
        let strokes = Keystrokes {
            head,
            tail: Some(tail),
        };
        self.tail = whole.then_some(sender);
        whole.then_some(strokes)
    }

    /// Nothing came for longer than a scan pauses.
    pub(crate) fn silent(&mut self, phase: Phase) {
        if self.phase != Phase::Idle {
            self.forget();
        }
        self.phase = phase;
    }

    /// Everything so far belongs to no scan.
    pub(crate) fn forget(&mut self) {
        wipe(&mut self.pending);
        self.tail = None;
    }

    /// Events were dropped; these keys are down.
    pub(crate) fn resync(&mut self, held: impl IntoIterator<Item = u16>) {
        self.forget();
        self.held = held.into_iter().collect();
    }
}

/// What is typed after the text of a scanner that has no keys of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Enter.
    Enter,
    /// Tab.
    Tab,
    /// Nothing.
    Nothing,
}

/// The keys of a text on a country's keyboard, each after a pause.
///
/// # Errors
/// When the text has a character that the keyboard has no key for.
pub(crate) fn of_text(
    layout: Layout,
    text: &[u8],
    ending: Ending,
    pause: Duration,
) -> Result<Keystrokes, NotTypable> {
    let text = std::str::from_utf8(text).map_err(|_| NotTypable)?;
    let mut head = Vec::new();
    let mut report = |codes: &[u16], down: bool| {
        for (n, code) in codes.iter().enumerate() {
            head.push(Stroke {
                code: *code,
                down,
                // Shift and its key move together.
                pause: if n == 0 { pause } else { Duration::ZERO },
            });
        }
    };
    for character in text.chars() {
        if character.is_control() {
            return Err(NotTypable);
        }
        let stroke = layout.stroke(character).ok_or(NotTypable)?;
        let mut keys: Vec<u16> = Vec::with_capacity(3);
        keys.extend(stroke.shift.then_some(LEFTSHIFT));
        keys.extend(stroke.altgr.then_some(RIGHTALT));
        keys.push(stroke.code);
        report(&keys, true);
        keys.reverse();
        report(&keys, false);
        if stroke.space {
            report(&[SPACE], true);
            report(&[SPACE], false);
        }
    }
    let end = match ending {
        Ending::Enter => Some(ENTER),
        Ending::Tab => Some(TAB),
        Ending::Nothing => None,
    };
    if let Some(end) = end {
        report(&[end], true);
        report(&[end], false);
    }
    Ok(Keystrokes { head, tail: None })
}
