//! Results, on standard output.

use std::io::{self, Write};

use super::Failure;

/// Writes a result. A reader that has seen enough, like `head`, is no failure.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::failed(format!("the result cannot be written: {error}")))
        }
        _ => Ok(()),
    }
}

/// Names and values, in two columns.
pub(super) fn table<N: AsRef<str>, V: AsRef<str>>(rows: &[(N, V)]) -> String {
    let width = rows.iter().map(|(name, _)| name.as_ref().len()).max().unwrap_or_default();
    let line = |(name, value): &(N, V)| format!("{:width$}  {}\n", name.as_ref(), value.as_ref());
    rows.iter().map(line).collect::<Vec<_>>().concat()
}
