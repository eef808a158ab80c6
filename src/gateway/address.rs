//! Addresses of calls: `https`, or plain `http` to this very machine.

use reqwest::Url;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// An address that may be called, or handed to a provider to call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(Url);

/// What is wrong with an address, to be read after the name of its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressError {
    /// It is none.
    NoAddress,
    /// It is for another protocol.
    OtherScheme,
    /// It is plain `http` and leaves this machine.
    NotEncrypted,
    /// It holds a user or a password.
    Credentials,
    /// It goes on behind its path.
    BehindPath,
    /// It is longer than so many characters.
    TooLong(usize),
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoAddress => "must be an address, such as https://api.payby.com/sgs/api",
            Self::OtherScheme => "must begin with https://",
            Self::NotEncrypted => "must be https; http is for this machine alone (127.0.0.1)",
            Self::Credentials => "must not hold a user or a password",
            Self::BehindPath => "must end with the path: no `?` and no `#`",
            Self::TooLong(max) => return write!(f, "must be at most {max} characters"),
        })
    }
}

impl std::error::Error for AddressError {}

impl Address {
    /// The address as it is called.
    pub fn url(&self) -> &Url {
        &self.0
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let url = Url::parse(text).map_err(|_| AddressError::NoAddress)?;
        let here = url.host_str().is_some_and(|host| {
            let ip = host.trim_matches(['[', ']']).parse::<IpAddr>();
            host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
        });
        match url.scheme() {
            "https" => {}
            "http" if here => {}
            "http" => return Err(AddressError::NotEncrypted),
            _ => return Err(AddressError::OtherScheme),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AddressError::Credentials);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(AddressError::BehindPath);
        }
        Ok(Self(url))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_https_except_on_this_machine() {
        use AddressError::{BehindPath, Credentials, NoAddress, NotEncrypted, OtherScheme};
        for (text, wrong) in [
            ("https://api.payby.com/sgs/api", None),
            ("https://uat.test2pay.com/sgs/api/", None),
            ("http://127.0.0.1:9100", None),
            ("http://127.9.9.9:9100/x", None),
            ("http://[::1]:9100/sgs", None),
            ("http://localhost:9100/sgs", None),
            ("http://api.payby.com/sgs/api", Some(NotEncrypted)),
            ("http://127.0.0.1.example.com/", Some(NotEncrypted)),
            ("http://localhost.example.com/", Some(NotEncrypted)),
            ("http://0.0.0.0:9100/", Some(NotEncrypted)),
            ("http://192.168.1.1/", Some(NotEncrypted)),
            ("ftp://127.0.0.1/", Some(OtherScheme)),
            ("api.payby.com/sgs/api", Some(NoAddress)),
            ("https://", Some(NoAddress)),
            ("", Some(NoAddress)),
            ("https://me:secret@api.payby.com/", Some(Credentials)),
            ("https://me@api.payby.com/", Some(Credentials)),
            ("https://api.payby.com/?a=b", Some(BehindPath)),
            ("https://api.payby.com/#a", Some(BehindPath)),
        ] {
            assert_eq!(text.parse::<Address>().err(), wrong, "{text}");
        }
    }
}
