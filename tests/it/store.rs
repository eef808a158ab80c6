//! A store for one test: a gateway in this process, the real binary as the service,
//! a serial scanner on a pty, and a cashier (`cashier.rs`).
//!
//! ```text
//!   scan(code) ─▶ pty ─▶ ┌────────────────┐ ─▶ PayBy simulator, in this process
//!                        │ qrpayd run     │        ledger, faults, violations
//!   cashier ─── HTTP ──▶ │ (a process)    │ ─▶ journal, log: files of a folder that
//!                        └────────────────┘    is gone with the store
//! ```
//!
//! A store may have CodePay beside it, and a listener for notifications.
//!
//! Lane 1 has the scanner, lane 2 takes codes from the API alone. Each store has a
//! loopback address of its own (127.x.y.z), so that a port that was free stays free.
//! Dropping a store kills what it started, by its number.

use crate::patience::{in_time, until};
use crate::program::{alone, program, spawn};
use qrpayd::journal::{Entry, Reader};
use qrpayd::simulator::codepay::{self, CodePaySettings, CodePaySimulator};
use qrpayd::simulator::payby::{self, Call, Controls, Operation, PayBySettings, PayBySimulator};
use qrpayd::simulator::{KeyPairs, generate_keys};
use serialport::{SerialPort, TTYPort};
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex};
use tempfile::TempDir;

/// One merchant and one gateway for all stores of this process.
static KEYS: LazyLock<KeyPairs> = LazyLock::new(|| generate_keys().unwrap());

/// What a test wants otherwise than usual. Each text goes into its section.
#[derive(Clone, Copy, Default)]
pub(crate) struct Outfit {
    /// Lines of `[gateway.payby]`.
    pub(crate) payby: &'static str,
    /// Lines of `[store]`.
    pub(crate) store: &'static str,
    /// Lines of lane 1.
    pub(crate) lane: &'static str,
    /// Lines of `[api]`.
    pub(crate) api: &'static str,
    /// What is logged, if not `debug`.
    pub(crate) log: Option<&'static str>,
    /// No device is behind the scanner's name.
    pub(crate) unplugged: bool,
    /// Both gateways, PayBy first, and the wallets of profile `cn`.
    pub(crate) codepay: bool,
    /// Gateways notify.
    pub(crate) notify: bool,
}

pub(crate) struct Store {
    folder: TempDir,
    outfit: Outfit,
    gateway_at: SocketAddr,
    gateway: Option<PayBySimulator>,
    codepay_at: SocketAddr,
    codepay: Option<CodePaySimulator>,
    notify_at: SocketAddr,
    service_at: SocketAddr,
    service: Option<Child>,
    /// The scanner's end of the line, and the other one, so that the line stands while
    /// nobody reads.
    scanner: Mutex<Option<[TTYPort; 2]>>,
    pub(crate) http: reqwest::Client,
    pub(crate) counter: AtomicU64,
}

impl Store {
    /// Opens a store: everything runs, the scanner is ready.
    pub(crate) async fn open() -> Self {
        Self::open_with(Outfit::default()).await
    }

    pub(crate) async fn open_with(outfit: Outfit) -> Self {
        let mut store = Self::closed(outfit).await;
        store.start().await;
        store
    }

    /// A store whose service does not run yet.
    pub(crate) async fn closed(outfit: Outfit) -> Self {
        let address = own_address();
        let store = Self {
            folder: tempfile::tempdir().unwrap(),
            outfit,
            gateway_at: free_port(address),
            gateway: None,
            codepay_at: free_port(address),
            codepay: None,
            notify_at: free_port(address),
            service_at: free_port(address),
            service: None,
            scanner: Mutex::default(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            counter: AtomicU64::new(1),
        };
        store.write_private("payby.key", &KEYS.merchant_private_pem);
        store.write_private("payby.pub", &KEYS.gateway_public_pem);
        store.write_private("qrpayd.toml", &store.configuration());
        let mut store = store;
        store.open_gateway().await;
        if outfit.codepay {
            store.open_codepay().await;
        }
        store
    }

    /// The configuration that the store's own service runs with.
    pub(crate) fn configuration(&self) -> String {
        let Outfit {
            payby,
            store,
            lane,
            api,
            log,
            codepay,
            notify,
            ..
        } = self.outfit;
        let gateways = match codepay {
            true => r#"["payby", "codepay"]"#,
            false => r#"["payby"]"#,
        };
        let further = self.further();
        let payby = match notify {
            true => format!(
                "{payby}\nnotify_url = \"http://{}/notify/payby\"",
                self.notify_at
            ),
            false => payby.to_owned(),
        };
        let folder = self.folder.path().display();
        format!(
            r#"
[store]
id = "IT"
name = "Test Grocery"
timezone = "Asia/Dubai"
currency = "AED"
{store}

[[lane]]
id = "1"
scanners = ["counter"]
gateways = {gateways}
ceiling = "5000.00"
{lane}

[[lane]]
id = "2"
gateways = {gateways}
ceiling = "1000.00"

[[scanner]]
id = "counter"
kind = "serial"
match = {{ path = "{folder}/scanner" }}

[gateway.payby]
base_url = "http://{gateway}/sgs/api"
partner_id = "200000909090"
private_key = "{folder}/payby.key"
gateway_public_key = "{folder}/payby.pub"
{payby}
{further}

[journal]
path = "{folder}/journal/journal.db"

[api]
listen = "{service}"
{api}

[telemetry]
log = "{log}"
"#,
            gateway = self.gateway_at,
            service = self.service_at,
            log = log.unwrap_or("debug"),
        )
    }

    /// The sections of what not every store has.
    fn further(&self) -> String {
        let folder = self.folder.path().display();
        let (codepay, notify) = (self.codepay_at, self.notify_at);
        let mut sections = String::new();
        if self.outfit.codepay {
            sections += &format!(
                r#"
[gateway.codepay]
base_url = "http://{codepay}"
app_id = "wz00000000000000aa"
merchant_no = "300000000001"
private_key = "{folder}/payby.key"
gateway_public_key = "{folder}/payby.pub"
display_pay_method = "Alipay+"
"#
            );
        }
        if self.outfit.codepay && self.outfit.notify {
            sections += &format!("notify_url = \"http://{notify}/notify/codepay\"\n");
        }
        if self.outfit.notify {
            sections += &format!("[notify]\nlisten = \"{notify}\"\n");
        }
        sections
    }

    // ---- the gateway ----

    /// CodePay comes to its address, with an empty ledger.
    async fn open_codepay(&mut self) {
        let settings = CodePaySettings {
            listen: self.codepay_at,
            ..CodePaySettings::new(&KEYS)
        };
        self.codepay = Some(codepay::start(settings).await.unwrap());
    }

    /// CodePay's ledger and controls.
    pub(crate) fn codepay(&self) -> &codepay::Controls {
        self.codepay.as_ref().expect("CodePay is open")
    }

    /// Where gateways bring their notifications.
    pub(crate) fn notify_at(&self) -> SocketAddr {
        self.notify_at
    }

    /// The gateway comes (back) to its address, with an empty ledger.
    pub(crate) async fn open_gateway(&mut self) {
        let settings = PayBySettings {
            listen: self.gateway_at,
            ..PayBySettings::new(&KEYS)
        };
        self.gateway = Some(payby::start(settings).await.unwrap());
    }

    /// The gateway goes away: its connections break, nobody listens.
    pub(crate) fn close_gateway(&mut self) {
        self.gateway = None;
    }

    /// The gateway's ledger and controls.
    pub(crate) fn gateway(&self) -> &Controls {
        self.gateway.as_ref().expect("the gateway is open")
    }

    /// Waits until the gateway has had so many calls of a kind; returns them.
    pub(crate) async fn calls(&self, operation: Operation, count: usize) -> Vec<Call> {
        let what = format!("{count} {} calls", operation.name());
        let look = |gateway: &Controls| {
            let mut calls = gateway.calls();
            calls.retain(|call| call.operation == operation);
            (calls.len() >= count).then_some(calls)
        };
        in_time(&what, self.gateway().until(look)).await
    }

    // ---- the service ----

    /// Starts the service and waits until it is ready and its scanner too.
    pub(crate) async fn start(&mut self) {
        self.launch();
        self.ready().await;
        if !self.outfit.unplugged {
            self.scanner_is("ready").await;
        }
    }

    /// Starts the service and waits for nothing.
    pub(crate) fn launch(&mut self) {
        assert!(self.service.is_none(), "it runs already");
        if !self.outfit.unplugged {
            self.plug_in();
        }
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.path("log"))
            .unwrap();
        let config = self.path("qrpayd.toml");
        let mut command = program(&["run", "--config", config.to_str().unwrap()]);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        self.service = Some(spawn(&mut command));
    }

    /// Waits until payments can be taken.
    pub(crate) async fn ready(&mut self) {
        let url = self.url("/readyz");
        let http = self.http.clone();
        until("ready", async || {
            let ended = self.service.as_mut().and_then(|s| s.try_wait().unwrap());
            assert!(ended.is_none(), "it ended: {ended:?}\n{}", self.log());
            let answer = http.get(&url).send().await.ok()?;
            answer.status().is_success().then_some(())
        })
        .await;
    }

    /// Kills the service where it stands (SIGKILL).
    pub(crate) fn kill(&mut self) {
        if let Some(mut service) = self.service.take() {
            // Gone already is as good.
            let _ = service.kill();
            let _ = service.wait();
        }
    }

    /// Kills the service and starts it again.
    pub(crate) async fn crash(&mut self) {
        self.kill();
        self.start().await;
    }

    /// Asks the service to stop (SIGTERM).
    pub(crate) fn terminate(&self) {
        let number = self.process_number().to_string();
        let sent = Command::new("sh")
            .args(["-c", "kill -TERM \"$0\"", &number])
            .status();
        assert!(sent.unwrap().success());
    }

    pub(crate) fn is_running(&self) -> bool {
        self.service.is_some()
    }

    pub(crate) fn process_number(&self) -> u32 {
        self.service.as_ref().expect("it runs").id()
    }

    /// Waits for the service's end and returns its exit code.
    pub(crate) async fn ended(&mut self) -> i32 {
        let mut service = self.service.take().expect("it runs");
        let end = until("the service's end", async || service.try_wait().unwrap()).await;
        end.code()
            .unwrap_or_else(|| panic!("{end}\n{}", self.log()))
    }

    /// Stops an idle service.
    pub(crate) async fn stop(&mut self) {
        self.terminate();
        assert_eq!(self.ended().await, 0, "{}", self.log());
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.service_at)
    }

    pub(crate) fn service_at(&self) -> SocketAddr {
        self.service_at
    }

    // ---- the scanner ----

    /// Puts a scanner behind the configured name, in place of the one before.
    pub(crate) fn plug_in(&self) {
        let ends = {
            let _alone = alone();
            let (scanner, line) = TTYPort::pair().unwrap();
            // Copies are closed in processes that are started later; the first ones are not.
            [scanner, line].map(|end| end.try_clone_native().unwrap())
        };
        let _ = fs::remove_file(self.path("scanner"));
        symlink(ends[1].name().unwrap(), self.path("scanner")).unwrap();
        *self.scanner.lock().unwrap() = Some(ends);
    }

    /// Pulls the scanner's plug. The link goes first, as udev's does: the kernel
    /// may give the node's number to somebody else's line.
    pub(crate) fn unplug(&self) {
        let _ = fs::remove_file(self.path("scanner"));
        *self.scanner.lock().unwrap() = None;
    }

    /// The scanner reads a code.
    pub(crate) fn scan(&self, code: &str) {
        self.type_bytes(format!("{code}\r").as_bytes());
    }

    /// The scanner sends bytes.
    pub(crate) fn type_bytes(&self, bytes: &[u8]) {
        let mut ends = self.scanner.lock().unwrap();
        let [scanner, _] = ends.as_mut().expect("plugged in");
        scanner.write_all(bytes).unwrap();
    }

    // ---- what is on disk ----

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn journal_path(&self) -> PathBuf {
        self.path("journal/journal.db")
    }

    /// Every fact in the journal, also while the service writes it.
    pub(crate) fn facts(&self) -> Vec<Entry> {
        let reader = Reader::open(&self.journal_path()).unwrap();
        reader.after(0, 1_000_000).unwrap()
    }

    /// Everything the service has logged, over all its starts.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// Writes a file that is for its owner alone.
    pub(crate) fn write_private(&self, name: &str, text: &str) {
        private_file(&self.path(name))
            .write_all(text.as_bytes())
            .unwrap();
    }

    /// The secrets that must not be seen anywhere: lines of the private key.
    pub(crate) fn key_lines() -> Vec<&'static str> {
        let lines = KEYS.merchant_private_pem.lines();
        lines
            .filter(|line| line.len() > 20 && !line.contains('-'))
            .collect()
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("---- the service's log ----\n{}", self.log());
        }
        self.kill();
    }
}

fn private_file(path: &Path) -> File {
    let mut options = OpenOptions::new();
    let options = options.write(true).create(true).truncate(true).mode(0o600);
    options.open(path).unwrap()
}

/// A loopback address that no other store of this machine has at the moment.
fn own_address() -> Ipv4Addr {
    static NEXT: AtomicU16 = AtomicU16::new(1);
    let [_, _, high, low] = std::process::id().to_be_bytes();
    let [_, store] = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    Ipv4Addr::new(127, 64 | (high & 63), low, store.max(1))
}

fn free_port(address: Ipv4Addr) -> SocketAddr {
    let listener = TcpListener::bind((address, 0)).unwrap();
    listener.local_addr().unwrap()
}
