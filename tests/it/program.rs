//! The real binary as a process.

use crate::patience::PATIENCE;
use std::io::Write;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The program under test: the one that was built with this, or another (`QRPAYD`).
static PROGRAM: LazyLock<String> = LazyLock::new(|| {
    let built = env!("CARGO_BIN_EXE_qrpayd");
    std::env::var("QRPAYD").unwrap_or_else(|_| built.to_owned())
});

/// Keeps processes from being started: a pty's ends are inherited by whatever starts
/// while they are being made, and two cannot be made at a time.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static STARTING: Mutex<()> = Mutex::new(());
    STARTING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The program in an environment without anything of this one.
pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(&*PROGRAM);
    command.args(arguments).env_clear();
    command
}

/// Starts it.
pub(crate) fn spawn(command: &mut Command) -> Child {
    let _alone = alone();
    command.spawn().unwrap()
}

/// A command that was started; killed when nobody waits for it any more.
pub(crate) struct Running(Option<Child>);

impl Running {
    /// Starts a command of the program, with this on its standard input.
    pub(crate) fn start(arguments: &[&str], input: &str) -> Self {
        let mut command = program(arguments);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = spawn(&mut command);
        // A command that does not read its input has closed it.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        Self(Some(child))
    }

    pub(crate) fn process_number(&self) -> u32 {
        self.0.as_ref().expect("it was not waited for").id()
    }

    /// Waits for its end: exit code, standard output, standard error.
    pub(crate) async fn end(self) -> (i32, String, String) {
        self.end_within(PATIENCE).await
    }

    /// As [`Running::end`], for what takes long.
    pub(crate) async fn end_within(mut self, patience: Duration) -> (i32, String, String) {
        let child = self.0.take().expect("once");
        let ending = tokio::task::spawn_blocking(move || child.wait_with_output());
        let Output {
            status,
            stdout,
            stderr,
        } = tokio::time::timeout(patience, ending)
            .await
            .expect("never came: the command's end")
            .unwrap()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (status.code().unwrap_or(-1), text(stdout), text(stderr))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Runs a command of the program to its end: exit code, standard output, standard error.
pub(crate) async fn run(arguments: &[&str], input: &str) -> (i32, String, String) {
    Running::start(arguments, input).end().await
}
