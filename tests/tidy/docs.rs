//! Holds the documents to the code: generated tables, routes, links, recipes, and the files and tests that they name.

mod blocks;
mod help;
mod mentions;
mod routes;
mod tables;

use std::path::Path;

use amber_server::config::{Env, ProcessEnv};

use crate::Finding;
use crate::tree::{self, File, Tree};

use blocks::Block;

/// The documents, and the tables in them that are generated.
fn blocks(tree: &Tree) -> Vec<(&'static str, Block)> {
    let lib = tree.text("server/src/lib.rs");
    let services = tree::names_in("proto/amber/v1").into_iter().filter(|name| name.ends_with("_service.proto"));
    let services = services.map(|name| tree::read(&format!("proto/amber/v1/{name}")));
    let helps = tree::names_in("tests/golden/help").into_iter();
    let helps = helps.map(|name| tree::read(&format!("tests/golden/help/{name}")));
    vec![
        ("README.md", Block::new("configuration", &tables::configuration())),
        ("README.md", Block::new("metrics", &tables::metrics())),
        ("README.md", Block::new("commands", &help::table(helps))),
        ("README.md", Block::new("rpcs", &tables::rpcs(services))),
        ("ARCHITECTURE.md", Block::new("modules", &tables::modules(lib, &tree.rust_under("server/src/")))),
    ]
}

#[test]
fn the_tables_of_the_documents_are_those_of_the_code() {
    let blocks = blocks(&Tree::read());
    if ProcessEnv.get("UPDATE").is_some_and(|value| value == "1") {
        for (path, block) in &blocks {
            tree::write(path, &block.written_into(&tree::read(path)));
        }
    }
    crate::assert_none(blocks.iter().filter_map(|(path, block)| block.check(path, &tree::read(path))));
}

#[test]
fn the_readme_lists_the_routes_that_are_served() {
    let tree = Tree::read();
    let served =
        routes::served(tree.text("server/src/http/routes/mod.rs"), tree.text("server/src/http/frame/script.rs"));
    crate::assert_none(routes::check("README.md", &tree::read("README.md"), &served));
}

#[test]
fn what_the_documents_name_exists() {
    let tree = Tree::read();
    let sources = tree.rust_under("");
    let justfile = tree::read("justfile");
    let pages =
        tree::names_in("").into_iter().filter(|name| Path::new(name).extension().is_some_and(|end| end == "md"));
    let pages: Vec<File> = pages.map(|name| File::new(&name, &tree::read(&name))).collect();
    assert!(pages.len() >= 5, "the documents were not found");
    let findings = pages.iter().flat_map(|page| -> Vec<Finding> {
        let links = mentions::check_links(page, tree::exists);
        let paths = mentions::check_paths(page, tree::exists);
        let recipes = mentions::check_recipes(page, &justfile);
        let headings = mentions::check_headings(page);
        [headings, links, paths, recipes, mentions::check_tests(page, &sources)].concat()
    });
    crate::assert_none(findings.collect::<Vec<_>>());
}

/// The example of the crate is compiled with its documentation.
#[test]
fn the_readme_shows_the_example_of_the_rust_sdk() {
    let (readme, tree) = (tree::read("README.md"), Tree::read());
    let shown = readme.split_once("\n```rust\n").and_then(|(_, rest)| rest.split_once("```")).expect("an example").0;
    let head = tree.text("sdk/rust/src/lib.rs").lines().map_while(|line| line.strip_prefix("//!"));
    let head: Vec<&str> = head.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    let example = head.split(|line| line.starts_with("```")).nth(1).expect("an example");
    let visible: Vec<&str> = example.iter().copied().filter(|line| !line.starts_with("# ")).collect();
    assert_eq!(shown.lines().collect::<Vec<_>>(), visible);
}
