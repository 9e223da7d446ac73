//! The routes of the HTTP adapter, as the code declares them and as the README lists them.

use std::collections::BTreeSet;

use crate::Finding;

const METHODS: &[&str] = &["get", "post", "put", "patch", "delete"];

/// A method in capitals and a path.
pub(crate) type Route = (String, String);

/// The routes that the router declares. A path may also be the constant `SCRIPT_PATH`, which `script` defines.
pub(crate) fn served(declarations: &str, script: &str) -> BTreeSet<Route> {
    let mut routes = BTreeSet::new();
    for declaration in declarations.split(".route(").skip(1) {
        let declaration = upto_closing(declaration);
        let (path, handlers) = declaration.split_once(',').unwrap_or((declaration, ""));
        let path = match path.trim() {
            "SCRIPT_PATH" => script.split_once("SCRIPT_PATH: &str =").map_or("", |(_, value)| value),
            literal => literal,
        };
        let path = path.split('"').nth(1).unwrap_or_default();
        for method in METHODS.iter().filter(|method| calls(handlers, method)) {
            routes.insert((method.to_uppercase(), path.to_owned()));
        }
    }
    routes
}

/// The table whose head is `| method | path |` lists these routes and no others.
pub(crate) fn check(path: &str, page: &str, served: &BTreeSet<Route>) -> Vec<Finding> {
    let rows = (1..).zip(page.lines()).skip_while(|(_, line)| !line.starts_with("| method | path |")).skip(2);
    let listed: Vec<(usize, Route)> = rows
        .map_while(|(line, row)| {
            let mut cells = row.strip_prefix('|')?.split('|').map(|cell| cell.trim().trim_matches('`').to_owned());
            Some((line, (cells.next()?, cells.next()?)))
        })
        .collect();
    let is_listed = |route: &&Route| listed.iter().any(|(_, known)| known == *route);
    let unknown = listed.iter().filter(|(_, route)| !served.contains(route));
    let unknown = unknown.map(|(line, (method, to))| Finding::new(path, *line, format!("{method} {to} is not served")));
    let missing = served.iter().filter(|route| !is_listed(route));
    let missing = missing.map(|(method, to)| Finding::new(path, 0, format!("{method} {to} is not in the table")));
    unknown.chain(missing).collect()
}

/// The text up to the parenthesis that closes what was opened before it.
fn upto_closing(text: &str) -> &str {
    let mut depth = 1;
    let end = text.find(|character| {
        depth += match character {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        depth == 0
    });
    &text[..end.unwrap_or(text.len())]
}

/// Whether a function of this very name is called.
fn calls(text: &str, name: &str) -> bool {
    text.match_indices(&format!("{name}("))
        .any(|(at, _)| !text[..at].ends_with(|c: char| c == '_' || c.is_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTER: &str = r#"Router::new().route("/a", get(a::get).post(a::add)).route(
        "/b/{id}", without(delete(b::forget_post))).route(SCRIPT_PATH, get(c));"#;
    const PAGE: &str = "| method | path | who |\n|---|---|---|\n| GET | `/a` | all |\n| POST | `/a` | all |\n| DELETE | `/b/{id}` | all |\n| GET | `/c.js` | all |\n\n| GET | `/other` |\n";

    fn routes() -> BTreeSet<Route> {
        served(ROUTER, "pub const SCRIPT_PATH: &str = \"/c.js\";")
    }

    #[test]
    fn a_table_with_all_routes_passes() {
        assert_eq!(check("R.md", PAGE, &routes()), []);
    }

    #[test]
    fn a_route_that_is_gone_and_one_that_is_missing_are_found() {
        let page = PAGE.replace("| POST | `/a` |", "| PUT | `/a` |");
        let expected =
            [Finding::new("R.md", 4, "PUT /a is not served"), Finding::new("R.md", 0, "POST /a is not in the table")];
        assert_eq!(check("R.md", &page, &routes()), expected);
    }
}
