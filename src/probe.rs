//! temp
use std::sync::Mutex;
use std::time::Instant;
static P: Mutex<Vec<(&'static str, Instant)>> = Mutex::new(Vec::new());
/// t
pub fn at(what: &'static str, when: Instant) { P.lock().unwrap().push((what, when)); }
/// t
pub fn hit(what: &'static str) { at(what, Instant::now()); }
/// t
pub fn dump() {
    let mut v = std::mem::take(&mut *P.lock().unwrap());
    v.sort_by_key(|x| x.1);
    let Some(i) = v.iter().rposition(|x| x.0 == "scan") else { return };
    let t0 = v[i].1;
    let s: Vec<String> = v[i..].iter().map(|(w, t)| format!("{w} {}", (*t - t0).as_micros())).collect();
    eprintln!("PROBE {}", s.join(" "));
}
