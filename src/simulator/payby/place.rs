//! The fields of `placeOrder`, as strictly as the documents allow.

use serde_json::Value;

use super::refusal;
use super::request::{Request, text};
use crate::simulator::conduct::Rule;
use crate::simulator::gateway::{Note, Refusal};

/// The fields of `placeOrder` that matter. A payment code is in it: no `Debug`.
pub(crate) struct PlaceOrder {
    pub(crate) total: u64,
    pub(crate) expires: u64,
    pub(crate) scene: Scene,
}

/// Who shows the code.
pub(crate) enum Scene {
    /// `QRPAY`: the customer.
    Customer {
        /// What was scanned.
        auth_code: String,
    },
    /// `DYNQR`: the merchant.
    Merchant {
        /// Whether the first customer who scans it is the only one.
        binds: bool,
    },
}

/// How long an order lives when the request does not say: 2 h.
const LIFE_DEFAULT_MILLIS: u64 = 2 * 3_600_000;
/// The longest life a request may ask for: 48 h.
const LIFE_MAX_MILLIS: u64 = 48 * 3_600_000;

/// Scenes that exist and that this merchant has not been given.
const SCENES_ELSEWHERE: [&str; 11] = [
    "PAYPAGE",
    "INAPP",
    "EWALLET",
    "JSAPI",
    "AUTODEBIT",
    "DIRECTPAY",
    "CASHTOPUP",
    "PAYANDSIGN",
    "PREAUTH",
    "PREAUTHVOID",
    "CAPTURE",
];

/// Text fields of `bizContent`, dotted, with their greatest length.
const TEXTS: [(&str, usize); 17] = [
    ("subjectAr", 200),
    ("reserved", 20),
    ("notifyUrl", 200),
    ("payeeMid", 20),
    ("deviceId", 200),
    ("secondaryMerchantId", 64),
    ("accessoryContent.terminalDetail.operatorId", 200),
    ("accessoryContent.terminalDetail.storeId", 200),
    ("accessoryContent.terminalDetail.terminalId", 200),
    ("accessoryContent.terminalDetail.merchantName", 200),
    ("accessoryContent.terminalDetail.storeName", 200),
    ("accessoryContent.goodsDetail.body", 200),
    ("accessoryContent.goodsDetail.categoriesTree", 200),
    ("accessoryContent.goodsDetail.goodsCategory", 200),
    ("accessoryContent.goodsDetail.goodsId", 200),
    ("accessoryContent.goodsDetail.goodsName", 200),
    ("accessoryContent.goodsDetail.showUrl", 200),
];

impl PlaceOrder {
    /// Reads and checks the fields; also returns what is missing though allowed.
    pub(crate) fn read(request: &Request, partner: &str) -> Result<(Self, Vec<Note>), Refusal> {
        let content = &request.content;
        let mut notes = Vec::new();
        text(content, "subject", 64)?
            .filter(|subject| !subject.is_empty())
            .ok_or_else(|| refusal::field("subject is missing"))?;
        for (path, max) in TEXTS {
            text(content, path, max)?;
        }
        request.check_money()?;
        let total = request
            .fils("totalAmount")
            .filter(|fils| *fils > 0)
            .ok_or_else(|| refusal::field("totalAmount is missing or zero"))?;
        let scene = match text(content, "paySceneCode", 20)?.unwrap_or_default() {
            "QRPAY" => Scene::Customer {
                auth_code: String::new(),
            },
            "DYNQR" => Scene::Merchant { binds: true },
            "" => return Err(refusal::field("paySceneCode is missing")),
            scene if SCENES_ELSEWHERE.contains(&scene) => return Err(refusal::code("62026")),
            _ => return Err(refusal::code("62012")),
        };
        let expires = match content.get("expiredTime") {
            None => {
                // PayBy allows it; a checkout order that lives for two hours
                // can be paid long after the cashier gave up.
                notes.push((Rule::Expiry, "expiredTime is missing".into()));
                request.request_time + LIFE_DEFAULT_MILLIS
            }
            Some(time) => time
                .as_u64()
                .ok_or_else(|| refusal::field("expiredTime is not Unix milliseconds"))?,
        };
        if expires <= request.request_time {
            return Err(refusal::noted(
                "62008",
                Rule::Field,
                "expiredTime is not after requestTime",
            ));
        }
        if expires > request.request_time + LIFE_MAX_MILLIS {
            return Err(refusal::noted(
                "62009",
                Rule::Field,
                "expiredTime is more than 48 h away",
            ));
        }
        if content.get("payeeMid").is_some_and(|mid| mid != partner) {
            return Err(refusal::code("62019"));
        }
        if content.get("deviceId").is_some() {
            // No device is registered with the simulator.
            return Err(refusal::code("62036"));
        }
        if content.get("secondaryMerchantId").is_some() {
            return Err(refusal::field("secondaryMerchantId needs a deviceId"));
        }
        let place = Self {
            total,
            expires,
            scene: scene_params(scene, content)?,
        };
        Ok((place, notes))
    }
}

fn scene_params(scene: Scene, content: &Value) -> Result<Scene, Refusal> {
    let params = match (content.get("paySceneParams"), &scene) {
        (None, Scene::Customer { .. }) => return Err(refusal::code("62033")),
        (None, Scene::Merchant { .. }) => return Ok(scene),
        (Some(Value::Object(params)), _) => params,
        (Some(_), _) => return Err(refusal::field("paySceneParams is not an object")),
    };
    if let Some((name, _)) = params.iter().find(|(_, value)| !value.is_string()) {
        return Err(refusal::field(format!(
            "paySceneParams.{name:.40} is not a string"
        )));
    }
    let param = |name: &str| params.get(name).and_then(Value::as_str);
    match scene {
        Scene::Customer { .. } => match param("authCode") {
            Some(code) if !code.is_empty() => Ok(Scene::Customer {
                auth_code: code.to_owned(),
            }),
            _ => Err(refusal::code("62033")),
        },
        Scene::Merchant { .. } => {
            if !matches!(param("oneTimePayment"), None | Some("true" | "false")) {
                let why = "oneTimePayment is neither \"true\" nor \"false\"";
                return Err(refusal::noted("62073", Rule::Field, why));
            }
            match param("changePayer") {
                None | Some("true") => Ok(Scene::Merchant { binds: true }),
                Some("false") => Ok(Scene::Merchant { binds: false }),
                Some(_) => Err(refusal::field(
                    "changePayer is neither \"true\" nor \"false\"",
                )),
            }
        }
    }
}
