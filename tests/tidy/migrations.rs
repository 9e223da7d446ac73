//! Every migration goes up and down, and is part of the list that is run.

use crate::Finding;
use crate::tokens::{Token, tokens};
use crate::tree::File;

/// A body of so few tokens does nothing: `Ok(())` alone has five.
const NOTHING: usize = 5;

/// Checks the files of `migrations/src` against its `lib.rs`. A migration is a file named `m*.rs`.
pub(crate) fn check(lib: &str, files: &[File]) -> Vec<Finding> {
    let lib = tokens(lib);
    files
        .iter()
        .filter_map(|file| Some((file, migration_name(file)?)))
        .flat_map(|(file, name)| {
            let registered = lib.windows(3).any(|path| path[0].text == name && path[1].text == "::");
            let missing = (!registered).then(|| Finding::new(&file.path, 0, "the list in lib.rs does not name it"));
            let code = tokens(&file.text);
            let directions = ["up", "down"].into_iter().filter(move |direction| !does_something(&code, direction));
            let empty = directions.map(|direction| Finding::new(&file.path, 0, format!("`{direction}` does nothing")));
            missing.into_iter().chain(empty).collect::<Vec<_>>()
        })
        .collect()
}

/// The module name of a migration, `None` for any other file.
fn migration_name(file: &File) -> Option<&str> {
    let name = file.path.rsplit('/').next()?.strip_suffix(".rs")?;
    let number = name.strip_prefix('m')?;
    number.starts_with(|first: char| first.is_ascii_digit()).then_some(name)
}

/// Whether the function of that name has a body that does more than succeed.
fn does_something(code: &[Token<'_>], function: &str) -> bool {
    let Some(start) = code.windows(2).position(|pair| pair[0].text == "fn" && pair[1].text == function) else {
        return false;
    };
    let mut depth = 0;
    let mut length = 0;
    for token in code[start..].iter().skip_while(|token| token.text != "{") {
        match token.text {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => length += 1,
        }
        if depth == 0 {
            break;
        }
    }
    length > NOTHING
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIB: &str = "mod m0001_leaders; fn migrations() { vec![Box::new(m0001_leaders::Migration)] }";
    const UP: &str = "async fn up(&self, m: &M<'_>) -> Result<(), E> { m.create_table(leaders()).await }";
    const DOWN: &str = "async fn down(&self, m: &M<'_>) -> Result<(), E> { m.drop_table(leaders()).await }";

    fn rules(name: &str, text: &str) -> Vec<String> {
        let file = File::new(&format!("migrations/src/{name}.rs"), text);
        check(LIB, &[file]).into_iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn a_whole_migration_passes() {
        assert_eq!(rules("m0001_leaders", &format!("{UP} {DOWN}")), [""; 0]);
        assert_eq!(rules("columns", ""), [""; 0]);
    }

    #[test]
    fn a_missing_or_empty_direction_is_found() {
        assert_eq!(rules("m0001_leaders", UP), ["`down` does nothing"]);
        let empty = "async fn down(&self, _: &M<'_>) -> Result<(), E> { /* never */ Ok(()) }";
        assert_eq!(rules("m0001_leaders", &format!("{UP} {empty}")), ["`down` does nothing"]);
        assert_eq!(rules("m0001_leaders", DOWN), ["`up` does nothing"]);
    }

    #[test]
    fn a_migration_outside_the_list_is_found() {
        assert_eq!(rules("m0002_posts", &format!("{UP} {DOWN}")), ["the list in lib.rs does not name it"]);
    }
}
