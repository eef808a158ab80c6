//! Arguments, command, exit code. What a command does is in `cli`.
//!
//! What is safe when this program dies at any point: everything. The intent of
//! every call to a gateway is on disk before its first byte leaves, a verdict is
//! on disk before anybody is told, and the next start continues from there
//! without submitting anything again.

fn main() -> std::process::ExitCode {
    qrpayd::cli::main()
}
