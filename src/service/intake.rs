//! From the bytes of a scan to the gateway that takes them.
//!
//! Classification is the domain's; which gateway takes which kind of code is
//! data of each gateway, looked up in the lane's order of preference.

use super::Trouble;
use super::sharing::{self, Seen};
use super::wording::no_gateway_text;
use crate::domain::code::{
    Classified, Classifier, Network, PaymentCode, Sending, code_to_send, mask,
};
use crate::domain::{GatewayId, Language, Wallet};
use std::collections::BTreeMap;

/// Which codes a gateway takes, and what it is given of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepts {
    /// EMV payloads of a wallet (no card network), or of any network.
    pub emv: Emv,
    /// Text codes.
    pub text: bool,
    /// Digit codes of these wallets; see also [`Emv::Listed`].
    pub wallets: Vec<Wallet>,
    /// Digit codes whose wallet is in no table.
    pub unlisted_digits: bool,
    /// What is sent of an EMV payload.
    pub sending: Sending,
}

/// Which EMV payloads a gateway takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Emv {
    /// None.
    No,
    /// Those of wallets: payloads whose application belongs to no card network.
    Wallets,
    /// Those whose network is listed among the wallets, by its word; `other` stands for
    /// payloads of no card network.
    Listed,
    /// All.
    Any,
}

impl Accepts {
    fn takes(&self, classified: &Classified) -> bool {
        match classified {
            Classified::EmvCpm { network, .. } => match self.emv {
                Emv::No => false,
                Emv::Wallets => *network == Network::Other,
                Emv::Listed => self.wallets.iter().any(|w| w.as_str() == network.as_str()),
                Emv::Any => true,
            },
            Classified::Digits {
                wallet: Some(wallet),
            } => self.wallets.contains(wallet),
            Classified::Digits { wallet: None } => self.unlisted_digits,
            Classified::Text { .. } => self.text,
            Classified::Reject { .. } => false,
        }
    }
}

/// Classifies and routes.
pub struct Intake {
    classifier: Classifier,
    accepts: BTreeMap<GatewayId, Accepts>,
}

/// A code with the gateway that takes it.
pub(super) struct Routed {
    pub(super) gateway: GatewayId,
    pub(super) wallet: Option<Wallet>,
    pub(super) masked: String,
    pub(super) to_send: PaymentCode,
}

impl Intake {
    /// Takes the codes that these gateways accept.
    pub fn new(classifier: Classifier, accepts: BTreeMap<GatewayId, Accepts>) -> Self {
        Self {
            classifier,
            accepts,
        }
    }

    /// What a scan is to a lane whose scanner also reads products.
    pub(super) fn seen(&self, scan: &PaymentCode) -> Seen {
        sharing::seen(&self.classifier, scan.as_bytes())
    }

    /// The payment code inside a scan; all of it where there is nothing around one.
    pub(super) fn payment_code(&self, scan: &PaymentCode) -> PaymentCode {
        let classified = self.classifier.classify(scan.as_bytes());
        code_to_send(scan.as_bytes(), &classified, Sending::Extract).unwrap_or_else(|| scan.clone())
    }

    /// Refuses what is no payment code.
    pub(super) fn classify(
        &self,
        scan: &PaymentCode,
        language: Language,
    ) -> Result<Classified, Trouble> {
        match self.classifier.classify(scan.as_bytes()) {
            Classified::Reject { reason } => Err(Trouble::NotACode {
                reason: reason.word().to_owned(),
                text: reason.sentence(language).to_owned(),
            }),
            classified => Ok(classified),
        }
    }

    /// The first gateway of the lane (or the forced one) that takes the code.
    pub(super) fn route(
        &self,
        scan: &PaymentCode,
        gateways: &[GatewayId],
        forced: Option<&GatewayId>,
        language: Language,
    ) -> Result<Routed, Trouble> {
        let classified = self.classify(scan, language)?;
        let none = || Trouble::NoGatewayForCode {
            text: no_gateway_text(language).to_owned(),
        };
        let mut candidates = gateways
            .iter()
            .filter(|id| forced.is_none_or(|forced| forced == *id));
        let (gateway, accepts) = candidates
            .find_map(|id| {
                let accepts = self.accepts.get(id)?;
                accepts.takes(&classified).then_some((id, accepts))
            })
            .ok_or_else(none)?;
        let to_send =
            code_to_send(scan.as_bytes(), &classified, accepts.sending).ok_or_else(none)?;
        Ok(Routed {
            gateway: gateway.clone(),
            wallet: classified.wallet(),
            masked: mask(scan.as_bytes(), &classified),
            to_send,
        })
    }
}

#[cfg(test)]
mod tests;
