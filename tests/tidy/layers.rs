//! A module of the server uses only itself and the modules above it in `lib.rs`.

use crate::Finding;
use crate::paths::{Path, paths};
use crate::tokens::tokens;
use crate::tree::File;

/// The program itself stands below all modules.
const BELOW_ALL: &[&str] = &["lib.rs", "main.rs", "cli"];

/// Checks the files of `server/src` against the order of the modules in its `lib.rs`.
pub(crate) fn check(lib: &str, files: &[File]) -> Vec<Finding> {
    let order = modules_in_order(lib);
    files.iter().flat_map(|file| check_file(&order, file)).collect()
}

/// The names in `mod name;`, from top to bottom.
fn modules_in_order(lib: &str) -> Vec<&str> {
    let tokens = tokens(lib);
    tokens.windows(2).filter(|pair| pair[0].text == "mod").map(|pair| pair[1].text).collect()
}

fn check_file(order: &[&str], file: &File) -> Vec<Finding> {
    let inside = file.path.strip_prefix("server/src/").unwrap_or(&file.path);
    let top = inside.split('/').next().unwrap_or(inside);
    if BELOW_ALL.contains(&top) {
        return Vec::new();
    }
    let module = top.trim_end_matches(".rs");
    let Some(own) = order.iter().position(|name| *name == module) else {
        return vec![Finding::new(&file.path, 0, format!("lib.rs does not declare `{module}`"))];
    };
    let finding = |path: &Path<'_>| {
        let used = path.segments.join("::");
        let rule = match path.segments.as_slice() {
            ["super", ..] if reaches_root(inside, path) => format!("`{used}` leaves `{module}`: write `crate::`"),
            ["crate", name, ..] => match order.iter().position(|other| other == name) {
                Some(other) if other <= own => return None,
                Some(_) => format!("`{used}` stands below `{module}` in lib.rs"),
                None => format!("`{used}` is not a module of lib.rs"),
            },
            _ => return None,
        };
        Some(Finding::new(&file.path, path.line, rule))
    };
    paths(&file.text).iter().filter_map(finding).collect()
}

/// Whether `super` is repeated until it means the root of the crate.
fn reaches_root(inside: &str, path: &Path<'_>) -> bool {
    let folders = inside.matches('/').count();
    let depth = if inside.ends_with("/mod.rs") { folders } else { folders + 1 };
    let supers = path.segments.iter().take_while(|segment| **segment == "super").count();
    supers >= depth + path.inline_modules
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIB: &str = "//! mod fake;\npub mod domain;\npub mod store;\npub mod embed;\npub mod app;\n";

    fn rules(path: &str, text: &str) -> Vec<String> {
        check(LIB, &[File::new(path, text)]).into_iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn a_module_below_is_found_however_it_is_named() {
        for text in [
            "use crate::app;",
            "use crate::{domain::Leader, app::{Server as S}};",
            "pub use crate::app::*;",
            "fn f() -> crate::app::Server {}",
            "mod tests { use crate::app; }",
            "#[crate::app::attribute] fn f() {}",
        ] {
            let rules = rules("server/src/store/posts.rs", text);
            assert_eq!(rules.len(), 1, "{text}: {rules:?}");
            assert!(rules[0].contains("stands below `store`"), "{rules:?}");
        }
    }

    #[test]
    fn modules_above_and_the_own_one_are_free() {
        let text = "use crate::store::Posts; use crate::{domain::Leader, embed}; pub(crate) fn f() {}";
        assert_eq!(rules("server/src/embed/mod.rs", text), [""; 0]);
        assert_eq!(rules("server/src/embed.rs", text), [""; 0]);
    }

    #[test]
    fn comments_and_strings_are_free() {
        let text = "/// See [`crate::app`].\n// use crate::app;\nconst A: &str = \"crate::app\";";
        assert_eq!(rules("server/src/store/mod.rs", text), [""; 0]);
    }

    #[test]
    fn climbing_out_of_the_module_is_found() {
        assert_eq!(rules("server/src/store/posts.rs", "use super::super::app;").len(), 1);
        assert_eq!(rules("server/src/store/mod.rs", "use super::app;").len(), 1);
        assert_eq!(rules("server/src/store/posts/tests.rs", "use super::super::Store;"), [""; 0]);
        assert_eq!(rules("server/src/store/mod.rs", "mod tests { use super::*; }"), [""; 0]);
        assert_eq!(rules("server/src/store/mod.rs", "mod tests { use super::super::app; }").len(), 1);
    }

    #[test]
    fn an_undeclared_module_is_found() {
        assert_eq!(rules("server/src/extra/mod.rs", ""), ["lib.rs does not declare `extra`"]);
        assert_eq!(rules("server/src/store/mod.rs", "use crate::extra;"), ["`crate::extra` is not a module of lib.rs"]);
    }

    #[test]
    fn the_program_may_use_everything() {
        assert_eq!(rules("server/src/main.rs", "use crate::app;"), [""; 0]);
        assert_eq!(rules("server/src/cli/serve.rs", "use crate::app;"), [""; 0]);
    }
}
