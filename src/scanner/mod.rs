//! Device bytes and key events to whole scans.
