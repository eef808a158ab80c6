//! The simulators' keys in a directory: made where they are missing, never
//! replaced.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::simulator::KeyPair;

/// The names of one gateway's four files.
#[derive(Clone, Copy)]
pub(super) struct KeyFiles(&'static str);

impl KeyFiles {
    /// PayBy's.
    pub(super) const PAYBY: Self = Self("payby");
    /// CodePay's.
    pub(super) const CODEPAY: Self = Self("codepay");

    /// The gateway's section of the configuration.
    pub(super) fn section(self) -> &'static str {
        self.0
    }

    /// Held by the merchant; signs requests.
    pub(super) fn merchant_private(self) -> String {
        format!("{}-merchant-private.pem", self.0)
    }

    fn merchant_public(self) -> String {
        format!("{}-merchant-public.pem", self.0)
    }

    fn gateway_private(self) -> String {
        format!("{}-gateway-private.pem", self.0)
    }

    /// Given to the merchant; checks answers.
    pub(super) fn gateway_public(self) -> String {
        format!("{}-gateway-public.pem", self.0)
    }

    /// Returns the merchant's public and the gateway's private key of a
    /// directory, making what is missing.
    pub(super) fn of(self, directory: &Path) -> Result<(String, String), String> {
        fs::create_dir_all(directory).map_err(|error| {
            format!("cannot make the directory {}: {error}", directory.display())
        })?;
        let at = |name: String| directory.join(name);
        let merchant = if at(self.merchant_public()).exists() {
            // The private half may live elsewhere.
            read(&at(self.merchant_public()))?
        } else {
            pair(&at(self.merchant_private()), &at(self.merchant_public()))?.public_pem
        };
        let gateway = pair(&at(self.gateway_private()), &at(self.gateway_public()))?;
        Ok((merchant, gateway.private_pem))
    }
}

fn pair(private: &Path, public: &Path) -> Result<KeyPair, String> {
    if private.exists() {
        let pair = KeyPair::from_private_pem(&read(private)?)
            .map_err(|error| format!("{}: {error}", private.display()))?;
        if !public.exists() {
            write_new(public, &pair.public_pem)?;
        }
        return Ok(pair);
    }
    if public.exists() {
        let (public, private) = (public.display(), private.display());
        return Err(format!(
            "{public} is there but {private} is not; move it away to make a new pair"
        ));
    }
    let pair = KeyPair::generate()?;
    write_new(private, &pair.private_pem)?;
    write_new(public, &pair.public_pem)?;
    Ok(pair)
}

/// Reads a file.
pub(super) fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

fn write_new(path: &Path, text: &str) -> Result<(), String> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| format!("cannot write {}: {error}", path.display()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn missing_keys_are_made_once_and_kept() {
        let directory = tempfile::tempdir().unwrap();
        let keys = directory.path().join("keys");
        let made = KeyFiles::PAYBY.of(&keys).unwrap();
        for name in [
            "payby-merchant-private.pem",
            "payby-merchant-public.pem",
            "payby-gateway-private.pem",
            "payby-gateway-public.pem",
        ] {
            let mode = fs::metadata(keys.join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
        assert_eq!(KeyFiles::PAYBY.of(&keys).unwrap(), made);
        // The public half alone is made again; a private key never is.
        fs::remove_file(keys.join("payby-gateway-public.pem")).unwrap();
        assert_eq!(KeyFiles::PAYBY.of(&keys).unwrap(), made);
        assert!(keys.join("payby-gateway-public.pem").exists());
        fs::remove_file(keys.join("payby-gateway-private.pem")).unwrap();
        let error = KeyFiles::PAYBY.of(&keys).unwrap_err();
        assert!(error.contains("move it away"), "{error}");
        // The other gateway has its own.
        assert_ne!(KeyFiles::CODEPAY.of(&keys).unwrap(), made);
    }
}
