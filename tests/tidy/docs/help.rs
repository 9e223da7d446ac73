//! The table of commands, made from their help texts.

use std::fmt::Write;

/// One row for each command that does something. A group has none; its exit codes are those of its commands that name
/// none themselves.
pub(crate) fn table(helps: impl IntoIterator<Item = String>) -> String {
    let helps: Vec<String> = helps.into_iter().collect();
    let mut text = "| command | what it does | exit codes |\n|---|---|---|\n".to_owned();
    for help in &helps {
        let Some(command) = command(help) else { continue };
        let group = helps.iter().find(|group| is_group_of(group, &command));
        let said_by = if exit_codes(help).next().is_some() { help } else { group.unwrap_or(help) };
        let codes: Vec<String> = exit_codes(said_by).map(|(code, what)| format!("`{code}` {what}")).collect();
        let _ = writeln!(text, "| `{command}` | {} | {} |", about(help), codes.join("<br>"));
    }
    text
}

/// Whether the command is one of this group; the program itself is no group.
fn is_group_of(help: &str, command: &str) -> bool {
    let Some((group, _)) = command.rsplit_once(' ').filter(|(group, _)| group.contains(' ')) else { return false };
    help.contains(&format!("Usage: {group} <COMMAND>\n"))
}

/// The words of the command; None for a group.
fn command(help: &str) -> Option<String> {
    let usage = help.lines().find_map(|line| line.strip_prefix("Usage: "))?;
    let words: Vec<&str> = usage.split(' ').take_while(|word| word.starts_with(char::is_alphabetic)).collect();
    (!usage.contains("<COMMAND>")).then(|| words.join(" "))
}

/// The first paragraph, as a sentence.
fn about(help: &str) -> String {
    let paragraph: Vec<&str> = help.lines().take_while(|line| !line.is_empty()).collect();
    format!("{}.", paragraph.join(" ").trim_end_matches('.'))
}

fn exit_codes(help: &str) -> impl Iterator<Item = (&str, &str)> {
    let lines = help.lines().skip_while(|line| *line != "Exit codes:").skip(1);
    lines.take_while(|line| !line.is_empty()).filter_map(|line| {
        let (code, what) = line.trim().split_once(' ')?;
        Some((code, what.trim()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_has_a_row_and_a_group_has_none() {
        let command = "Do it\nnow\n\nMore.\n\nUsage: amber do it [OPTIONS]\n\nExit codes:\n  0   done\n  64  not\n";
        let silent = "Do that.\n\nUsage: amber do that\n";
        let group = "Things.\n\nUsage: amber do <COMMAND>\n\nExit codes:\n  1   failed\n";
        let table = table([command, silent, group].map(str::to_owned));
        let rows: Vec<&str> = table.lines().skip(2).collect();
        let first = "| `amber do it` | Do it now. | `0` done<br>`64` not |";
        assert_eq!(rows, [first, "| `amber do that` | Do that. | `1` failed |"]);
    }
}
