//! What the Python service had from its first start: eleven leaders, and for each a post that it had made up.

use amber_tests::TestServer;
use serde_json::{Value, json};

use super::case::Recording;
use crate::wire::Answer;

/// Leaders and posts to begin with, the oldest first.
pub(super) struct Seeds {
    leaders: Vec<Value>,
    posts: Vec<Value>,
}

impl Seeds {
    /// What one half of the old service began with, as it showed it later.
    pub(super) fn of(recording: &Recording, branch: &str) -> Self {
        let oldest_first = |list: &Value| list.as_array().expect("a list").iter().rev().cloned().collect::<Vec<_>>();
        let leaders = oldest_first(recording.answer(branch, "leaders/list_seeded"));
        let is_of_one = |post: &Value| leaders.iter().any(|leader| leader["name"] == post["leaderName"]);
        let mut posts = oldest_first(&recording.answer(branch, "dashboard/ok_seeded")["posts"]);
        posts.retain(|post| is_made_up(post) && is_of_one(post));
        assert_eq!(posts.len(), leaders.len(), "one post was made up for each leader");
        Self { leaders, posts }
    }

    /// Enters all of it as `token`; answers the id of the leader whose name comes first.
    pub(super) async fn enter(&self, server: &TestServer, token: &str) -> String {
        let mut ids = Vec::new();
        for leader in &self.leaders {
            let body = json!({
                "name": leader["name"], "handles": leader["handles"], "trackingTopics": leader["trackingTopics"],
            });
            ids.push((leader["name"].clone(), created(server, token, "/api/leaders", &body).await));
        }
        ids.sort_by_key(|(name, _)| name.as_str().map(str::to_owned));
        for post in &self.posts {
            let (_, id) = ids.iter().find(|(name, _)| *name == post["leaderName"]).expect("a leader of that name");
            created(server, token, "/api/posts", &entered(post, id)).await;
        }
        ids.swap_remove(0).1
    }

    /// Enters the post that the old service made up for each new leader.
    pub(super) async fn make_up(&self, server: &TestServer, token: &str, leader: &Value) {
        let mut post = self.posts[0].clone();
        let name = |of: &Value| of.as_str().expect("a name").to_owned();
        let content = name(&post["content"]).replace(&name(&post["leaderName"]), &name(&leader["name"]));
        post["content"] = content.into();
        created(server, token, "/api/posts", &entered(&post, &name(&leader["id"]))).await;
    }
}

fn is_made_up(post: &Value) -> bool {
    post["metrics"]["origin"] == "sample"
}

/// A recorded post as it is entered by hand, now.
fn entered(post: &Value, leader: &str) -> Value {
    let mut body = json!({ "leaderId": leader });
    for key in ["content", "platform", "sentiment", "verificationStatus", "metrics"] {
        body[key] = post[key].clone();
    }
    body
}

async fn created(server: &TestServer, token: &str, path: &str, body: &Value) -> String {
    let answer = Answer::to(server.http.post(server.url(path)).bearer_auth(token).json(body)).await;
    assert_eq!(answer.status, 201, "{body}: {}", answer.text());
    server.clock.advance(super::stage::TICK);
    answer.json()["id"].as_str().expect("an id").to_owned()
}
