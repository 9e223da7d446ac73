//! The recorded answers of the Python service, all of them, against this one: every difference stands in the table of
//! `deploy/python-differences.md` with its reason, and every row of that table is needed.

mod case;
mod compare;
mod differences;
mod seeds;
mod stage;

use std::path::PathBuf;

use amber_tests::setting;

use case::Recording;
use differences::Differences;
use seeds::Seeds;
use stage::Stage;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_recorded_requests_are_answered_as_before() {
    let Some(data) = setting("AMBER_TEST_DATA") else {
        eprintln!("skipped: AMBER_TEST_DATA is not set");
        return;
    };
    let recording = Recording::read(&PathBuf::from(data).join("seed-wire"));
    let mut differences = Differences::read();
    let mut mistakes = Vec::new();
    let mut replayed = 0;
    for profile in recording.profiles() {
        let Some(mut stage) = Stage::of(profile, Seeds::of(&recording, &profile.branch)).await else { return };
        for case in profile.groups.iter().flatten() {
            let answer = stage.ask(case).await;
            replayed += 1;
            let unexpected = differences.without_the_meant(case, compare::case(case, &answer));
            mistakes.extend(unexpected.iter().map(|difference| format!("{} {}: {difference}", profile.name, case.id)));
        }
    }
    assert!(replayed > 0 && replayed == recording.len(), "cases of no profile");
    mistakes.extend(differences.unused().map(|row| format!("no case needs the row any more: {row}")));
    assert!(mistakes.is_empty(), "{} differences in {replayed} cases:\n{}", mistakes.len(), mistakes.join("\n"));
}
