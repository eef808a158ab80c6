//! The service dies (SIGKILL) at any moment of a payment and is started again: nothing
//! is submitted twice, and the journal and the ledger agree in the end.

use crate::patience::{LOOK, PATIENCE, Scene, scene, together, until};
use crate::store::{Outfit, Store};
use qrpayd::simulator::payby::{Fault, Operation, Plan};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// The moments that have a name.
#[tokio::test(flavor = "multi_thread")]
async fn killed_at_a_known_moment() {
    together([
        scene("armed", killed_while_armed()),
        scene("right after the scan", killed_right_after_the_scan()),
        scene("while the call is out", killed_while_the_call_is_out()),
        scene("waiting", killed_while_waiting()),
        scene("closing", killed_while_closing()),
        scene("paid", killed_right_after_the_verdict()),
    ])
    .await;
}

async fn killed_while_armed() {
    let mut store = Store::open().await;
    let tender = store.collect("1", "37.50").await;
    let before = store.tender(&tender).await;
    store.crash().await;
    assert_eq!(store.tender(&tender).await, before);
    store.scan(&store.fresh_code());
    store.ends(&tender, "paid", "paid").await;
    store.all_is_well();
}

/// The caller was answered, so the intent is on disk; whether a byte left is not known.
async fn killed_right_after_the_scan() {
    let mut store = Store::open().await;
    let tender = store.collect("2", "37.50").await;
    store.code(&tender, &store.fresh_code()).await.good();
    store.crash().await;
    let ended = store.verdict(&tender).await;
    assert_eq!(
        ended["attempts"].as_array().unwrap().len(),
        1,
        "never submitted again"
    );
    store.all_is_well();
}

/// The gateway has the order, and takes the money while the service is dead.
async fn killed_while_the_call_is_out() {
    let mut store = Store::open().await;
    let silence = Fault::NoAnswer { effect: true };
    store
        .gateway()
        .push_fault(Operation::PlaceOrder, silence, 1)
        .unwrap();
    let tender = store.collect_and_scan("37.50").await;
    store.calls(Operation::PlaceOrder, 1).await;
    store.crash().await;
    store.ends(&tender, "paid", "paid").await;
    assert_eq!(store.only_order().kept(), 3750);
    store.all_is_well();
}

/// What was waited for goes to its last word: the customer is not waited for again.
async fn killed_while_waiting() {
    let mut store = Store::open().await;
    store.gateway().push_plan(Plan::never()).unwrap();
    let tender = store.collect_and_scan("37.50").await;
    store.state(&tender, "waiting").await;
    store.crash().await;
    store.ends(&tender, "not_paid", "restarted").await;
    assert_eq!(store.only_order().cancels, 1);
    store.all_is_well_but_the_pace();
}

async fn killed_while_closing() {
    let mut store = Store::open().await;
    store.gateway().push_plan(Plan::never()).unwrap();
    let silence = Fault::NoAnswer { effect: false };
    store
        .gateway()
        .push_fault(Operation::CancelOrder, silence, 1)
        .unwrap();
    let tender = store.collect_and_scan("37.50").await;
    store.state(&tender, "waiting").await;
    store.cancel(&tender).await.good();
    store.calls(Operation::CancelOrder, 1).await;
    store.crash().await;
    store.ends(&tender, "not_paid", "cancelled").await;
    assert_eq!(store.only_order().captured, 0);
    store.all_is_well_but_the_pace();
}

/// A verdict that was told is still the verdict, byte for byte.
async fn killed_right_after_the_verdict() {
    let mut store = Store::open().await;
    let tender = store.collect_and_scan("37.50").await;
    let paid = store.ends(&tender, "paid", "paid").await;
    store.crash().await;
    assert_eq!(store.tender(&tender).await, paid);
    let calls = store.gateway().calls().len();
    // The sale is paid, also for the new process.
    let again = crate::cashier::order(paid["sale"].as_str().unwrap(), "37.50");
    store
        .create("2", "new key", again)
        .await
        .problem(409, "sale_paid");
    assert_eq!(
        store.gateway().calls().len(),
        calls,
        "nothing was left to be done"
    );
    store.all_is_well();
}

/// Moments that have no name, over payments with faults. Three stores at a time.
#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment() {
    let scenes: Vec<Scene> = [("seed 1", 1), ("seed 2", 2), ("seed 3", 3)]
        .map(|(name, seed)| scene(name, killed_again_and_again(seed)))
        .into();
    together(scenes).await;
}

/// Payments of one store in which the service is killed, some of them twice. The gate
/// asks for more, with the program as it is shipped (`KILLS`, `QRPAYD`).
fn kills() -> u32 {
    let asked = std::env::var("KILLS").ok();
    asked.map_or(9, |text| text.parse().expect("KILLS is a number"))
}

async fn killed_again_and_again(seed: u64) {
    let outfit = Outfit {
        payby: "limit_enquiry_s = 2\nlimit_submit_s = 10\nenquiry_unanswered_s = 1",
        ..Outfit::default()
    };
    let mut store = Store::open_with(outfit).await;
    let mut chance = Chance(seed);
    let mut saw = BTreeMap::new();
    for kill in 0..kills() {
        store.gateway().push_plan(chance.plan()).unwrap();
        for (operation, fault) in chance.faults() {
            store.gateway().push_fault(operation, fault, 1).unwrap();
        }
        let tender = store.collect("1", &format!("{}.50", 10 + kill)).await;
        store.scan(&store.fresh_code());
        if chance.below(3) == 0 {
            store.attempt(&tender, 1).await;
            // The tender may be decided already.
            let _ = store.cancel(&tender).await;
        }
        let millis_max = 1 << (4 + chance.below(8));
        chance.pause(millis_max).await;
        store.kill();
        if chance.below(2) == 0 {
            // And again while it gets up.
            store.launch();
            chance.pause(300).await;
            store.kill();
        }
        store.gateway().clear_faults();
        store.start().await;
        let now = store.tender(&tender).await;
        if now["state"] == "armed" {
            // Before the intent, or the code was refused: nobody knows of it.
            store.cancel(&tender).await.good();
        }
        let ended = store.verdict(&tender).await;
        saw.insert(tender, ended["verdict"].as_str().unwrap().to_owned());
        store.check_books();
    }
    until("every payment is decided", async || {
        let open = store.get("/v1/tenders?state=checking").await.good();
        open["tenders"].as_array().unwrap().is_empty().then_some(())
    })
    .await;
    store.stop().await;
    store.start().await;
    money_is_back(&store).await;
    assert!(!store.log().contains("panicked"), "{}", store.log());
    store.all_is_well_but_the_pace();
    store.as_the_cashier_saw(&saw);
    assert_eq!(store.pages().len(), kills() as usize);
}

/// Waits until every duty to give money back is done. What only watches for a request
/// that may still arrive does so for sixteen minutes, which no test waits for: that it
/// has nothing to give back is in the ledger.
async fn money_is_back(store: &Store) {
    // A duty's pause doubles with each try.
    let deadline = Instant::now() + 4 * PATIENCE;
    while owed(store).await > 0 {
        let duties = store.obligations().await;
        assert!(Instant::now() < deadline, "still owed: {duties:?}");
        tokio::time::sleep(LOOK).await;
    }
}

async fn owed(store: &Store) -> usize {
    let duties = store.obligations().await;
    duties
        .iter()
        .filter(|duty| duty["duty"] == "return")
        .count()
}

/// Small numbers that are the same in every run (xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        for shift in [13, -7, 17] {
            self.0 ^= if shift > 0 {
                self.0 << shift
            } else {
                self.0 >> -shift
            };
        }
        (self.0 >> 8) % end
    }

    fn plan(&mut self) -> Plan {
        match self.below(5) {
            0 => Plan::never(),
            1 => Plan::paid_after_polls(1),
            2 => Plan::paid_after_millis(self.below(1_500)),
            3 => Plan::refused("62021"),
            _ => Plan::paid(),
        }
    }

    fn faults(&mut self) -> Vec<(Operation, Fault)> {
        let operations = [
            Operation::PlaceOrder,
            Operation::GetOrder,
            Operation::CancelOrder,
            Operation::RevokeOrder,
        ];
        let mut faults = Vec::new();
        for operation in operations {
            let effect = self.below(2) == 0;
            let fault = match self.below(8) {
                0 => Fault::NoAnswer { effect },
                1 => Fault::Cut { effect },
                2 => Fault::Http {
                    status: 502,
                    effect,
                },
                3 => Fault::WrongSignature,
                4 => Fault::Late { millis: 700 },
                _ => continue,
            };
            faults.push((operation, fault));
        }
        faults
    }

    /// A moment: its length is what is tried.
    async fn pause(&mut self, millis_max: u64) {
        tokio::time::sleep(Duration::from_millis(self.below(millis_max))).await;
    }
}
