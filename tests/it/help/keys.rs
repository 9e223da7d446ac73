//! `amber api-key`: a key is made, listed and revoked without a server.

use super::Amber;

const SECRET: &str = "an-admin-secret-of-the-tests-0123456789";

#[test]
fn a_key_is_shown_once_listed_without_itself_and_revoked() {
    let amber = Amber::with_database().with("ADMIN_JWT_SECRET", SECRET);
    amber.run("migrate up").with_code(0);
    let made = amber.run("api-key create --name web --scope embed.issue --origin https://partner.example").with_code(0);
    let key = made.out.trim();
    assert!(key.starts_with("amb_") && key.len() == 66, "{made:?}");
    let id = made.err.split_whitespace().last().expect("its id").to_owned();
    let listed = amber.run("api-key list").with_code(0).out;
    let is_told = |what: &str| listed.contains(what);
    assert!([&*id, "web", "embed.issue", "https://partner.example"].into_iter().all(is_told), "{listed}");
    assert!(!is_told(key) && !is_told("revoked"), "{listed}");

    amber.run(&format!("api-key revoke {id}")).with_code(0);
    assert!(amber.run("api-key list").with_code(0).out.contains("revoked"));
    amber.run("api-key revoke nobody").with_code(1);
}

#[test]
fn a_key_that_could_do_nothing_is_not_made() {
    let amber = Amber::with_database().with("ADMIN_JWT_SECRET", SECRET);
    amber.run("migrate up").with_code(0);
    let refused = amber.run("api-key create --name web --scope embed.issue").with_code(1);
    assert!(refused.err.contains("origins must name at least one site"), "{refused:?}");
    amber.run("api-key create --name web --scope embed.everything").with_code(2);
    amber.run("api-key create --name web").with_code(2);
    Amber::with_database().run("api-key list").with_code(64);
}
