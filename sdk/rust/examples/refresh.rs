//! Adds a leader, asks for a run and follows it to its end:
//! `AMBER_SECRET=... cargo run -p amber-sdk --example refresh -- http://localhost:5000 HANDLE`.
#![expect(clippy::disallowed_methods, reason = "an example reads its settings itself")]

use std::env;
use std::error::Error;
use std::pin::pin;
use std::time::Duration;

use amber_sdk::v1::{CreateLeaderRequest, ErrorReason, TriggerIngestionRequest};
use amber_sdk::{AdminLogin, Amber, Options, Refusal};
use futures::TryStreamExt;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let endpoint = arguments.next().unwrap_or_else(|| "http://localhost:5000".to_owned());
    let handle = arguments.next().ok_or("name the handle of somebody on X")?;
    // A token is got when the first call needs it, and renewed before it ends.
    let login = AdminLogin::new("refresh-example", env::var("AMBER_SECRET")?).lifetime(Duration::from_mins(10));
    let amber = Amber::connect(Options::new(endpoint).admin_login(login)).await?;

    let handles = [("x".to_owned(), handle.clone())].into();
    let asked = CreateLeaderRequest { name: handle, handles, ..Default::default() };
    match amber.leaders().create_leader(asked).await {
        Ok(_) => {}
        Err(refusal) if refusal.reason() == Some(ErrorReason::FieldInvalid) => {
            for bad in refusal.field_violations() {
                eprintln!("{}: {}", bad.field, bad.description);
            }
            return Err(refusal.into());
        }
        Err(refusal) => return Err(refusal.into()),
    }
    let run_id = amber.ingestion().trigger_ingestion(TriggerIngestionRequest::default()).await?.into_inner().run_id;
    let mut states = pin!(amber.watch_run(&run_id, 0));
    while let Some(run) = states.try_next().await? {
        println!("{} of {} leaders, {:?}", run.leaders_done, run.leaders_total, run.status());
    }
    Ok(())
}
