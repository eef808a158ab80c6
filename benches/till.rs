//! A store's box for the bench: the service as a child process, the cashier who calls
//! it, and what the kernel says of it.

use std::error::Error;
use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Nothing here takes as long.
const PATIENCE: Duration = Duration::from_secs(20);

/// Everything that a configuration needs from outside.
pub(crate) struct Outside<'a> {
    pub(crate) folder: &'a Path,
    pub(crate) scanner: &'a str,
    pub(crate) gateway: SocketAddr,
    pub(crate) private_key: &'a str,
    pub(crate) gateway_key: &'a str,
}

/// A running service. Killed when dropped: its journal stands that.
pub(crate) struct Till {
    child: Child,
    api: SocketAddr,
    /// From the start of the process to its word that it is ready.
    pub(crate) ready_after: Duration,
}

impl Till {
    /// Writes the configuration and starts the service; ready when this returns.
    pub(crate) fn start(outside: &Outside<'_>) -> Result<Self> {
        let folder = outside.folder;
        let api = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let secret = write(folder, "payby.key", outside.private_key)?;
        let public = write(folder, "payby.pub", outside.gateway_key)?;
        let config = write(
            folder,
            "qrpayd.toml",
            &format!(
                r#"
[store]
id = "BENCH"
name = "Bench store"
timezone = "Asia/Dubai"
currency = "AED"

[[lane]]
id = "1"
scanners = ["counter"]
gateways = ["payby"]
ceiling = "5000.00"

[[scanner]]
id = "counter"
kind = "serial"
match = {{ path = "{scanner}" }}

[gateway.payby]
base_url = "http://{gateway}/sgs/api"
partner_id = "200000909090"
private_key = "{secret}"
gateway_public_key = "{public}"

[journal]
path = "{journal}"

[api]
listen = "{api}"
"#,
                scanner = outside.scanner,
                gateway = outside.gateway,
                secret = secret.display(),
                public = public.display(),
                journal = folder.join("journal.db").display(),
            ),
        )?;
        let socket = folder.join("notify");
        match fs::remove_file(&socket) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        let manager = UnixDatagram::bind(&socket)?;
        manager.set_read_timeout(Some(PATIENCE))?;
        let begun = Instant::now();
        let child = Command::new(env!("CARGO_BIN_EXE_qrpayd"))
            .arg("run")
            .arg("--config")
            .arg(&config)
            .env("NOTIFY_SOCKET", &socket)
            .stdin(Stdio::null())
            .stderr(fs::File::create(folder.join("log"))?)
            .spawn()?;
        let mut till = Self {
            child,
            api,
            ready_after: Duration::ZERO,
        };
        let mut word = [0; 64];
        let length = manager
            .recv(&mut word)
            .map_err(|error| format!("not ready: {error}; see {}/log", folder.display()))?;
        till.ready_after = begun.elapsed();
        if !word[..length].starts_with(b"READY=1") {
            return Err("the service said something else than ready".into());
        }
        Ok(till)
    }

    /// The cashier's connection.
    pub(crate) fn cashier(&self) -> Result<Cashier> {
        let stream = TcpStream::connect(self.api)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Cashier {
            api: self.api,
            stream: BufReader::new(stream),
        })
    }

    /// Follows the events: when each `paid` verdict was here.
    pub(crate) fn verdicts(&self) -> Result<Receiver<Instant>> {
        let mut stream = TcpStream::connect(self.api)?;
        write!(
            stream,
            "GET /v1/events HTTP/1.1\r\nHost: {}\r\n\r\n",
            self.api
        )?;
        let (tell, verdicts) = channel();
        thread::spawn(move || {
            let mut lines = BufReader::new(stream).split(b'\n');
            while let Some(Ok(line)) = lines.next() {
                if line == b"event: verdict_given" && tell.send(Instant::now()).is_err() {
                    return;
                }
            }
        });
        Ok(verdicts)
    }

    /// Resident memory, in bytes.
    pub(crate) fn resident(&self) -> Result<u64> {
        let status = fs::read_to_string(self.proc("status"))?;
        Ok(number(&status, "VmRSS:")? * 1024)
    }

    /// How often its threads have gone to sleep so far: each time was a wake-up.
    pub(crate) fn sleeps(&self) -> Result<u64> {
        let mut sum = 0;
        for task in fs::read_dir(self.proc("task"))? {
            let status = fs::read_to_string(task?.path().join("status"))?;
            sum += number(&status, "voluntary_ctxt_switches:")?;
        }
        Ok(sum)
    }

    /// How many threads it has.
    pub(crate) fn threads(&self) -> Result<usize> {
        Ok(fs::read_dir(self.proc("task"))?.count())
    }

    fn proc(&self, file: &str) -> PathBuf {
        Path::new("/proc")
            .join(self.child.id().to_string())
            .join(file)
    }
}

impl Drop for Till {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A caller of the API, with one connection.
pub(crate) struct Cashier {
    api: SocketAddr,
    stream: BufReader<TcpStream>,
}

impl Cashier {
    /// Asks for 37.50 AED; armed when this returns.
    pub(crate) fn collect(&mut self, sale: usize) -> Result<()> {
        let body =
            format!(r#"{{"sale":"T-{sale}","amount":"37.50","currency":"AED","mode":"scan"}}"#);
        let answer = self.call(&format!(
            "POST /v1/lanes/1/tenders HTTP/1.1\r\nHost: {}\r\nIdempotency-Key: bench-{sale}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.api,
            body.len()
        ))?;
        expect(&answer, r#""state":"armed""#)
    }

    /// Whether the scanner is ready.
    pub(crate) fn scanner_is_ready(&mut self) -> Result<bool> {
        let answer = self.call(&format!(
            "GET /v1/lanes/1 HTTP/1.1\r\nHost: {}\r\n\r\n",
            self.api
        ))?;
        Ok(expect(&answer, r#""state":"ready""#).is_ok())
    }

    fn call(&mut self, request: &str) -> Result<String> {
        self.stream.get_mut().write_all(request.as_bytes())?;
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line)?;
            match line.trim_end().split_once(": ") {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.parse()?;
                }
                None if line == "\r\n" => break,
                None if line.is_empty() => return Err("the service hung up".into()),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok(String::from_utf8(body)?)
    }
}

fn expect(answer: &str, part: &str) -> Result<()> {
    match answer.contains(part) {
        true => Ok(()),
        false => Err(format!("expected {part} in {answer}").into()),
    }
}

fn number(status: &str, name: &str) -> Result<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let word = line.and_then(|line| line.split_whitespace().next());
    Ok(word.ok_or_else(|| format!("no {name}"))?.parse()?)
}

fn write(folder: &Path, name: &str, text: &str) -> Result<PathBuf> {
    let path = folder.join(name);
    let mut options = fs::OpenOptions::new();
    let options = options.write(true).create(true).truncate(true).mode(0o600);
    options.open(&path)?.write_all(text.as_bytes())?;
    Ok(path)
}
