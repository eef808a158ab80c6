//! EMV consumer-presented payloads (EMVCo QR Code Specification, Consumer-Presented
//! Mode, 1.0).
//!
//! ```text
//!   base64 ─▶ 85 "CPV01"
//!             61 application ── 4F AID, 57 track 2, 5A PAN, 63 the issuer's own ...
//!             61 application    (one or two)
//!             62 common      ── joins each application; 64 the issuer's own
//!             other templates   (kept, not read)
//! ```
//!
//! The root is read whole before any template, so a broken tail is a broken read
//! whatever stands before it. Only 61 and 62 are descended into: 63, 64 and the
//! like may hold anything. A card number need not pass Luhn here (the
//! specification's own sample fails it), and need not be there at all: closed-loop
//! wallets carry their code in 63 or 64.

use super::tlv::{self, Object, Tag};
use super::{Classified, RejectReason};
use base64::{Engine, engine::general_purpose::STANDARD};
use std::{fmt, str::FromStr};
use zeroize::Zeroizing;

/// How every payload starts: `85 05 43 50 56` and two bits of a decimal digit.
pub(super) const MARKER: &[u8] = b"hQVDUFY";

/// What 1024 characters of base64 hold.
const PAYLOAD_BYTES_MAX: usize = 768;

const FORMAT_INDICATOR: Tag = Tag(0x85);
const APPLICATION: Tag = Tag(0x61);
const COMMON: Tag = Tag(0x62);
const AID: Tag = Tag(0x4f);
const TRACK2: Tag = Tag(0x57);
const PAN: Tag = Tag(0x5a);
const APPLICATION_TRANSPARENT: Tag = Tag(0x63);
const COMMON_TRANSPARENT: Tag = Tag(0x64);

/// The name of a card application, 5 to 16 bytes; written in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aid(Vec<u8>);

impl Aid {
    fn new(bytes: &[u8]) -> Option<Self> {
        (5..=16)
            .contains(&bytes.len())
            .then(|| Self(bytes.to_vec()))
    }

    /// The name's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Aid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

/// Text that is no AID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AidError;

impl fmt::Display for AidError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an AID is 10 to 32 hexadecimal digits, two for each byte")
    }
}

impl std::error::Error for AidError {}

impl FromStr for Aid {
    type Err = AidError;

    fn from_str(text: &str) -> Result<Self, AidError> {
        let digit = |byte: &u8| char::from(*byte).to_digit(16);
        let byte = |pair: &[u8]| match pair {
            [high, low] => u8::try_from(digit(high)? << 4 | digit(low)?).ok(),
            _ => None,
        };
        let bytes: Option<Vec<u8>> = text.as_bytes().chunks(2).map(byte).collect();
        bytes.and_then(|bytes| Self::new(&bytes)).ok_or(AidError)
    }
}

/// The card network that an AID's first five bytes name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Network {
    Visa,
    Mastercard,
    Amex,
    Jcb,
    Discover,
    Unionpay,
    Rupay,
    Mir,
    Other,
}

impl Network {
    fn of(aid: &Aid) -> Self {
        match aid.0.first_chunk() {
            Some([0xa0, 0, 0, 0, 0x03]) => Self::Visa,
            Some([0xa0, 0, 0, 0, 0x04]) => Self::Mastercard,
            Some([0xa0, 0, 0, 0, 0x25]) => Self::Amex,
            Some([0xa0, 0, 0, 0, 0x65]) => Self::Jcb,
            Some([0xa0, 0, 0, 0x01, 0x52]) => Self::Discover,
            Some([0xa0, 0, 0, 0x03, 0x33]) => Self::Unionpay,
            Some([0xa0, 0, 0, 0x05, 0x24]) => Self::Rupay,
            Some([0xa0, 0, 0, 0x06, 0x58]) => Self::Mir,
            _ => Self::Other,
        }
    }

    /// A stable word for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Visa => "visa",
            Self::Mastercard => "mastercard",
            Self::Amex => "amex",
            Self::Jcb => "jcb",
            Self::Discover => "discover",
            Self::Unionpay => "unionpay",
            Self::Rupay => "rupay",
            Self::Mir => "mir",
            Self::Other => "other",
        }
    }
}

/// Reads a payload's text. `demand_pan` lists the applications, by their AID or
/// the start of it, that must bring a card number.
pub(super) fn read(text: &[u8], demand_pan: &[Aid]) -> Result<Classified, RejectReason> {
    decoded(text, |payload| classified(payload, demand_pan))?
}

/// The 63 of the first usable application, handed to `look`.
pub(super) fn with_transparent<T>(text: &[u8], look: impl FnOnce(&[u8]) -> Option<T>) -> Option<T> {
    decoded(text, |payload| {
        let (applications, _) = templates(payload).ok()?;
        let (_, children) = usable(&applications).ok()?.into_iter().next()?;
        let transparent = children.iter().find(|o| o.tag == APPLICATION_TRANSPARENT)?;
        look(transparent.value)
    })
    .ok()?
}

/// Hands the payload to `look` and wipes it: it holds account numbers. The
/// engine takes canonical base64 only (RFC 4648: full padding, unused bits zero).
fn decoded<T>(text: &[u8], look: impl FnOnce(&[u8]) -> T) -> Result<T, RejectReason> {
    let mut buffer = Zeroizing::new([0; PAYLOAD_BYTES_MAX]);
    let length = STANDARD
        .decode_slice(text, &mut *buffer)
        .map_err(|_| RejectReason::BadBase64)?;
    buffer
        .get(..length)
        .map(look)
        .ok_or(RejectReason::BadBase64)
}

type Children<'a> = Vec<Object<'a>>;

fn classified(payload: &[u8], demand_pan: &[Aid]) -> Result<Classified, RejectReason> {
    let (applications, common) = templates(payload)?;
    let usable = usable(&applications)?;
    let mut warnings = Vec::new();
    for (aid, children) in &usable {
        let joined: Children<'_> = children.iter().chain(&common).copied().collect();
        let must_have_pan = demand_pan
            .iter()
            .any(|demanding| aid.0.starts_with(&demanding.0));
        check_application(&joined, must_have_pan)?;
        for object in &joined {
            if !is_in_format(object) && !warnings.contains(&object.tag) {
                warnings.push(object.tag);
            }
        }
    }
    let aids: Vec<Aid> = usable.into_iter().map(|(aid, _)| aid).collect();
    Ok(Classified::EmvCpm {
        network: aids.first().map_or(Network::Other, Network::of),
        aids,
        warnings,
    })
}

/// Checks the root level; returns what the applications and the common template hold.
fn templates(payload: &[u8]) -> Result<(Vec<Children<'_>>, Children<'_>), RejectReason> {
    let objects = |bytes| tlv::objects(bytes).ok_or(RejectReason::BadTlv);
    let root = objects(payload)?;
    let (indicator, rest) = root.split_first().ok_or(RejectReason::BadFormatIndicator)?;
    check_indicator(indicator)?;

    let (mut applications, mut commons, mut others) = (Vec::new(), Vec::new(), false);
    for object in rest {
        match object.tag {
            FORMAT_INDICATOR => return Err(RejectReason::DuplicateObject),
            APPLICATION if !others => applications.push(object.value),
            COMMON if !others => commons.push(object.value),
            APPLICATION | COMMON => return Err(RejectReason::UnexpectedObject),
            tag if tag.is_constructed() => others = true,
            _ => return Err(RejectReason::UnexpectedObject),
        }
    }
    if applications.is_empty() {
        return Err(RejectReason::NoApplicationTemplate);
    }
    if applications.len() > 2 || commons.len() > 1 {
        return Err(RejectReason::TooManyTemplates);
    }
    let applications: Result<Vec<_>, _> = applications.into_iter().map(objects).collect();
    let common = commons
        .first()
        .map_or(Ok(Vec::new()), |value| objects(value));
    Ok((applications?, common?))
}

fn check_indicator(object: &Object<'_>) -> Result<(), RejectReason> {
    match (object.tag, object.value) {
        (FORMAT_INDICATOR, b"CPV01") => Ok(()),
        (FORMAT_INDICATOR, [b'C', b'P', b'V', b'0'..=b'9', b'0'..=b'9']) => {
            Err(RejectReason::UnsupportedVersion)
        }
        _ => Err(RejectReason::BadFormatIndicator),
    }
}

/// The applications that have a name of the right length; the others are skipped.
fn usable<'a, 'b>(
    applications: &'b [Children<'a>],
) -> Result<Vec<(Aid, &'b Children<'a>)>, RejectReason> {
    let mut usable = Vec::new();
    for children in applications {
        let mut names = children.iter().filter(|object| object.tag == AID);
        let name = names.next().and_then(|object| Aid::new(object.value));
        if names.next().is_some() {
            return Err(RejectReason::DuplicateObject);
        }
        usable.extend(name.map(|name| (name, children)));
    }
    if usable.is_empty() {
        return Err(RejectReason::NoUsableAid);
    }
    Ok(usable)
}

/// Checks what an application holds, the common template's objects included.
fn check_application(joined: &[Object<'_>], must_have_pan: bool) -> Result<(), RejectReason> {
    // Sorted, since a hostile payload has hundreds of objects.
    let mut tags: Vec<Tag> = joined.iter().map(|object| object.tag).collect();
    tags.sort_unstable();
    if tags.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(RejectReason::DuplicateObject);
    }
    let value = |tag| joined.iter().find(|o| o.tag == tag).map(|o| o.value);
    let is_there = |tag| value(tag).is_some_and(|value| !value.is_empty());
    let (track2, pan) = (value(TRACK2), value(PAN));
    let has_pan = track2.is_some() || pan.is_some();
    let has_own = is_there(APPLICATION_TRANSPARENT) || is_there(COMMON_TRANSPARENT);
    if !has_pan && (must_have_pan || !has_own) {
        return Err(RejectReason::NoPaymentData);
    }
    if track2.is_some_and(|value| !is_track2(value)) {
        return Err(RejectReason::BadTrack2);
    }
    if pan.is_some_and(|value| !is_pan(value)) {
        return Err(RejectReason::BadPan);
    }
    Ok(())
}

fn nibbles(bytes: &[u8]) -> impl Iterator<Item = u8> + Clone {
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf])
}

/// 8 to 19 digits, `D`, year and month, service code, any digits, and one `F` if
/// the last byte needs it. Month and date are the issuer's to check.
fn is_track2(bytes: &[u8]) -> bool {
    if bytes.len() > 19 {
        return false;
    }
    let digits = nibbles(bytes).take_while(|n| *n <= 9).count();
    let mut rest = nibbles(bytes).skip(digits);
    if !(8..=19).contains(&digits) || rest.next() != Some(0xd) {
        return false;
    }
    let after = rest.clone().take_while(|n| *n <= 9).count();
    let mut pad = rest.skip(after);
    after >= 7 && matches!((pad.next(), pad.next()), (None | Some(0xf), None))
}

/// 8 to 19 digits, then `F` only.
fn is_pan(bytes: &[u8]) -> bool {
    let digits = nibbles(bytes).take_while(|n| *n <= 9).count();
    bytes.len() <= 10 && (8..=19).contains(&digits) && nibbles(bytes).skip(digits).all(|n| n == 0xf)
}

/// Whether an object that is only shown or routed by is as the specification
/// wants it. Labels and names come from the customer's phone.
fn is_in_format(object: &Object<'_>) -> bool {
    let value = object.value;
    let all = |allowed: fn(&u8) -> bool| value.iter().all(allowed);
    let decimal = || nibbles(value).all(|n| n <= 9);
    let printable = |byte: &u8| (0x20..=0x7e).contains(byte);
    let starts = |scheme: &[u8]| {
        value
            .get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    match object.tag.0 {
        // Application label.
        0x50 => (1..=16).contains(&value.len()) && all(|b| b.is_ascii_alphanumeric() || *b == b' '),
        // Cardholder name.
        0x5f20 => (2..=26).contains(&value.len()) && all(printable),
        // Language preference: one to four pairs of letters.
        0x5f2d => matches!(value.len(), 2 | 4 | 6 | 8) && all(u8::is_ascii_alphabetic),
        // Issuer URL.
        0x5f50 => all(printable) && (starts(b"tel:") || starts(b"mailto:")),
        // Application version.
        0x9f08 => value.len() == 2,
        // Token requestor.
        0x9f19 => value.len() == 6 && decimal(),
        // Payment account reference.
        0x9f24 => value.len() == 29 && all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()),
        // Last four digits of the PAN.
        0x9f25 => value.len() == 2 && decimal(),
        _ => true,
    }
}
