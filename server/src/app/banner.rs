//! What `amber demo` prints: what to open and what to type.

use std::fmt::Write;

use crate::http::demo_page::Command;

/// Lines to try against the demo at `base`, such as `http://localhost:5000`.
pub(super) fn commands(base: &str, api_key: &str, bootstrap_secret: &str) -> Vec<Command> {
    let target = base.trim_start_matches("http://");
    let line = |title: &str, line: String| Command { title: title.to_owned(), line };
    vec![
        line("The health report", format!("curl -s {base}/api/health")),
        line("The newest posts", format!("curl -s '{base}/api/feed?source=x&page_size=3'")),
        line("What ingestion is doing", format!("curl -s {base}/api/ingestion/status")),
        line("Metrics", format!("curl -s -H 'Accept: text/plain' {base}/api/metrics")),
        line(
            "A token that opens the dashboard once",
            format!(
                "curl -s -X POST {base}/api/embed/token -H 'Authorization: Bearer {api_key}' \
                 -H 'Content-Type: application/json' -d '{{\"dashboardId\": \"demo\"}}'"
            ),
        ),
        line(
            "An admin token",
            format!(
                "curl -s -X POST {base}/api/admin/token -H 'Content-Type: application/json' \
                 -d '{{\"adminId\": \"me\", \"secret\": \"{bootstrap_secret}\"}}'"
            ),
        ),
        line("The gRPC services", format!("grpcurl -plaintext {target} list")),
        line(
            "The newest posts by gRPC",
            format!("grpcurl -plaintext -d '{{\"page_size\": 3}}' {target} amber.v1.FeedService/ListPosts"),
        ),
        line(
            "The numbers of the dashboard by gRPC",
            format!(
                "grpcurl -plaintext -H 'Authorization: Bearer {api_key}' -d '{{\"dashboard_id\": \"demo\"}}' {target} \
                 amber.v1.DashboardService/GetDashboardData"
            ),
        ),
    ]
}

/// The text for the terminal.
pub(super) fn banner(base: &str, commands: &[Command]) -> String {
    let mut text = format!(
        "\nAmber runs with invented leaders, an X of its own and secrets made for this run.\n\n  Open {base}/demo\n\nTry\n"
    );
    for command in commands {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n  # {}\n  {}\n", command.title, command.line);
    }
    text.push_str("\nCtrl-C ends it and leaves nothing behind.\n");
    text
}
