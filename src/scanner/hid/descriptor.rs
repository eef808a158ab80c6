//! HID report descriptors: which bits of a report hold which usage.
//!
//! A descriptor is a program of short items for a machine with a global state (page,
//! size, count, report id, on a stack) and a local one (usages) that each main item
//! uses up (USB-IF, Device Class Definition for HID 1.11, section 6.2.2). What comes
//! out is a list of [`Field`]s: runs of equal elements of one usage. Padding yields none.

/// The longest descriptor that Linux reads (`HID_MAX_DESCRIPTOR_SIZE`).
const DESCRIPTOR_MAX: usize = 4096;

/// Bits of the longest report that Linux reads (`HID_MAX_BUFFER_SIZE`).
const REPORT_BITS_MAX: u32 = 16384 * 8;

/// Fields of one descriptor; a scanner has some twenty.
const FIELDS_MAX: usize = 1024;

/// The page of keys: keyboards and keypads.
pub(crate) const PAGE_KEYS: u16 = 0x07;

/// The direction of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Input,
    Output,
    Feature,
}

/// What the elements of a field are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Elements {
    /// Values of one usage.
    Same,
    /// Values of usages that follow each other.
    Range,
    /// Each holds a usage, as the slots of a keyboard do.
    Array,
}

/// A run of elements in one report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) direction: Direction,
    /// 0 where the device numbers no reports.
    pub(crate) report_id: u8,
    /// The usage of the application collection that it belongs to.
    pub(crate) application: u32,
    /// The page in the high half, the usage on it in the low half; of the first element
    /// or the lowest one of an array.
    pub(crate) usage: u32,
    pub(crate) elements: Elements,
    /// Bits from the beginning of the report, the byte of the report id included.
    pub(crate) offset: u32,
    /// Bits of one element.
    pub(crate) size: u32,
    pub(crate) count: u32,
}

/// Why a descriptor cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DescriptorError {
    /// It ends inside an item, or pops what was not pushed.
    Malformed,
    /// More or larger fields than Linux allows.
    Excessive,
}

#[derive(Clone, Copy, Default)]
struct Global {
    page: u16,
    size: u32,
    count: u32,
    report_id: u8,
}

#[derive(Default)]
struct Local {
    usages: Vec<u32>,
    lowest: Option<u32>,
}

#[derive(Default)]
struct Machine {
    global: Global,
    stack: Vec<Global>,
    local: Local,
    /// The usages of the open collections; only applications count.
    collections: Vec<Option<u32>>,
    /// The next free bit of each report.
    ends: Vec<((Direction, u8), u32)>,
    fields: Vec<Field>,
}

/// Returns the fields of a descriptor, in its order.
pub(crate) fn fields(descriptor: &[u8]) -> Result<Vec<Field>, DescriptorError> {
    if descriptor.len() > DESCRIPTOR_MAX {
        return Err(DescriptorError::Excessive);
    }
    let mut machine = Machine::default();
    let mut rest = descriptor;
    while let Some((&prefix, after)) = rest.split_first() {
        // A long item, of which none is defined: prefix, length, tag, data.
        if prefix == 0xfe {
            let length = *after.first().ok_or(DescriptorError::Malformed)?;
            let skipped = after.get(2 + usize::from(length)..);
            rest = skipped.ok_or(DescriptorError::Malformed)?;
            continue;
        }
        let length = [0, 1, 2, 4][usize::from(prefix & 3)];
        let (data, after) = after
            .split_at_checked(length)
            .ok_or(DescriptorError::Malformed)?;
        let mut bytes = [0; 4];
        bytes[..length].copy_from_slice(data);
        machine.item(prefix & 0xfc, u32::from_le_bytes(bytes), length)?;
        rest = after;
    }
    Ok(machine.fields)
}

impl Machine {
    fn item(&mut self, tag: u8, value: u32, length: usize) -> Result<(), DescriptorError> {
        match tag {
            0x80 => self.main(Direction::Input, value)?,
            0x90 => self.main(Direction::Output, value)?,
            0xb0 => self.main(Direction::Feature, value)?,
            0xa0 => {
                let usage = self.usage(0);
                self.collections.push((value == 1).then_some(usage));
                self.local = Local::default();
            }
            0xc0 => {
                self.collections.pop().ok_or(DescriptorError::Malformed)?;
                self.local = Local::default();
            }
            0x04 => self.global.page = low(value),
            0x74 => self.global.size = value,
            0x84 => self.global.report_id = value.to_le_bytes()[0],
            0x94 => self.global.count = value,
            0xa4 if self.stack.len() == FIELDS_MAX => return Err(DescriptorError::Excessive),
            0xa4 => self.stack.push(self.global),
            0xb4 => self.global = self.stack.pop().ok_or(DescriptorError::Malformed)?,
            // A usage of four bytes brings its own page; the others get the page that
            // holds at the main item.
            0x08 if self.local.usages.len() < FIELDS_MAX => {
                self.local.usages.push(extended(value, length));
            }
            0x08 => return Err(DescriptorError::Excessive),
            0x18 => self.local.lowest = Some(extended(value, length)),
            _ => {}
        }
        Ok(())
    }

    /// The usage of the `n`th element; the last one listed holds for all that follow it.
    fn usage(&self, n: u32) -> u32 {
        let listed = &self.local.usages;
        let usage = match (listed.get(n as usize).or(listed.last()), self.local.lowest) {
            (Some(usage), _) => *usage,
            (None, Some(lowest)) => lowest.wrapping_add(n),
            (None, None) => 0,
        };
        match usage >> 16 {
            0 => u32::from(self.global.page) << 16 | usage,
            _ => usage,
        }
    }

    /// What the elements from the `n`th on are, and how many of them are so.
    fn run(&self, n: u32, variable: bool) -> (Elements, u32) {
        let left = self.global.count - n;
        if !variable {
            return (Elements::Array, left);
        }
        if self.local.usages.is_empty() && self.local.lowest.is_some() {
            return (Elements::Range, left);
        }
        let same = (n + 1..n + left).take_while(|other| self.usage(*other) == self.usage(n));
        (
            Elements::Same,
            1 + u32::try_from(same.count()).unwrap_or(left - 1),
        )
    }

    fn main(&mut self, direction: Direction, flags: u32) -> Result<(), DescriptorError> {
        let Global {
            size,
            count,
            report_id,
            ..
        } = self.global;
        let bits = size.checked_mul(count).ok_or(DescriptorError::Excessive)?;
        let key = (direction, report_id);
        let begin = self.ends.iter().find(|(of, _)| *of == key);
        let begin = begin.map_or(if report_id == 0 { 0 } else { 8 }, |(_, end)| *end);
        let end = begin.checked_add(bits).filter(|n| *n <= REPORT_BITS_MAX);
        let end = end.ok_or(DescriptorError::Excessive)?;
        self.ends.retain(|(of, _)| *of != key);
        self.ends.push((key, end));

        let (constant, variable) = (flags & 1 != 0, flags & 2 != 0);
        // Sizes beyond 32 bits have no meaning that we know.
        if !constant && size <= 32 {
            let application = self.collections.iter().flatten().next();
            let application = application.copied().unwrap_or(0);
            let mut n = 0;
            while n < count {
                if self.fields.len() == FIELDS_MAX {
                    return Err(DescriptorError::Excessive);
                }
                let (elements, run) = self.run(n, variable);
                self.fields.push(Field {
                    direction,
                    report_id,
                    application,
                    usage: self.usage(n),
                    elements,
                    offset: begin + n * size,
                    size,
                    count: run,
                });
                n += run;
            }
        }
        self.local = Local::default();
        Ok(())
    }
}

fn extended(value: u32, length: usize) -> u32 {
    if length == 4 { value } else { value & 0xffff }
}

fn low(value: u32) -> u16 {
    let [a, b, ..] = value.to_le_bytes();
    u16::from_le_bytes([a, b])
}
