//! The devices of this machine, and why each looks like a scanner or does not.

use super::report::Report;
use crate::scanner::{Looks, Seen, devices};
use serde_json::json;
use std::io;

pub(super) fn run(report: &mut Report<'_>) -> io::Result<()> {
    let devices = devices();
    if devices.is_empty() {
        report.say("no input, hidraw or serial device is plugged in")?;
    }
    for device in &devices {
        one(device, report)?;
    }
    if devices.iter().any(|device| device.looks != Looks::Other) {
        report.say(
            "\nFind out what one is set to:\n  qrpayd scan --device PATH\nConfigure it by its link in \
             /dev/input/by-path or /dev/serial/by-path, which survives a replug.",
        )?;
    }
    Ok(())
}

fn one(device: &Seen, report: &mut Report<'_>) -> io::Result<()> {
    let path = device.path.display();
    let ids = device
        .ids
        .map(|(vendor, product)| format!("{vendor:04x}:{product:04x}"));
    let permission = "this user may not read it: run as root, or join the group that the udev rule \
                      gives scanners to";
    let mut text = format!(
        "{:<9} {path}  {}  {}  {:?}",
        device.looks.as_str(),
        device.kind,
        ids.as_deref().unwrap_or("-"),
        // Escaped: names have control bytes.
        device.name
    );
    for why in device
        .why
        .iter()
        .copied()
        .chain((!device.readable).then_some(permission))
    {
        text.push_str("\n          ");
        text.push_str(why);
    }
    let json = json!({
        "device": path.to_string(),
        "kind": device.kind,
        "ids": ids,
        "name": device.name,
        "looks": device.looks.as_str(),
        "why": device.why,
        "readable": device.readable,
    });
    report.line(&text, &json)
}
