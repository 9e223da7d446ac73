//! Leaders as somebody asks for them: new ones, and changes of known ones. Both obey the same rules.

use std::collections::BTreeMap;

use super::{Handle, Violation, x_handle_text};

/// A leader as asked for, not stored yet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewLeader {
    /// The name that people read; never empty.
    pub name: String,
    /// Handles by platform name as the caller wrote it (`x`, `twitter`, `facebook`, ...).
    pub handles: BTreeMap<String, String>,
    /// What the leader is known for.
    pub tracking_topics: Vec<String>,
}

impl NewLeader {
    /// The longest name, handle and topic, in characters.
    pub const MAX_TEXT: usize = 200;
    /// The most topics, and the most handles.
    pub const MAX_ITEMS: usize = 50;

    /// Everything that keeps this leader from being stored.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        violations(Some(&self.name), Some(&self.handles), Some(&self.tracking_topics))
    }

    /// The handle on X as it was written, usable or not.
    #[must_use]
    pub fn x_handle_text(&self) -> Option<&str> {
        x_handle_text(&self.handles)
    }
}

/// What somebody changes of a leader; None leaves it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LeaderChange {
    /// The name that people read.
    pub name: Option<String>,
    /// All handles.
    pub handles: Option<BTreeMap<String, String>>,
    /// All topics.
    pub tracking_topics: Option<Vec<String>>,
}

impl LeaderChange {
    /// Everything that keeps this change from being stored.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        violations(self.name.as_deref(), self.handles.as_ref(), self.tracking_topics.as_deref())
    }
}

fn violations(
    name: Option<&str>,
    handles: Option<&BTreeMap<String, String>>,
    topics: Option<&[String]>,
) -> Vec<Violation> {
    let mut found = Vec::new();
    found.extend(name.and_then(of_name));
    found.extend(handles.and_then(of_x_handle));
    found.extend(handles.and_then(of_handles));
    found.extend(topics.and_then(of_topics));
    found
}

fn of_name(name: &str) -> Option<Violation> {
    let name = name.trim();
    if name.is_empty() {
        return Some(Violation::new("name", "name is required"));
    }
    let most = NewLeader::MAX_TEXT;
    let rule = || format!("name must have at most {most} characters, none of them a control character");
    unfit(name).then(|| Violation::new("name", rule()))
}

fn of_x_handle(handles: &BTreeMap<String, String>) -> Option<Violation> {
    let text = x_handle_text(handles).filter(|text| Handle::parse(text).is_none())?;
    let shown: String = text.chars().take(40).collect();
    let rule = "must be 1 to 15 letters, digits or underscores, as X writes it";
    Some(Violation::new("handles.x", format!("the handle {shown:?} {rule}")))
}

fn of_handles(handles: &BTreeMap<String, String>) -> Option<Violation> {
    let is_broken = handles.len() > NewLeader::MAX_ITEMS || handles.iter().any(|(k, v)| unfit(k) || unfit(v));
    is_broken.then(|| Violation::new("handles", at_most("handles")))
}

fn of_topics(topics: &[String]) -> Option<Violation> {
    let is_broken = topics.len() > NewLeader::MAX_ITEMS || topics.iter().any(|topic| unfit(topic));
    is_broken.then(|| Violation::new("trackingTopics", at_most("topics")))
}

fn at_most(what: &str) -> String {
    let (items, text) = (NewLeader::MAX_ITEMS, NewLeader::MAX_TEXT);
    format!("at most {items} {what} of at most {text} characters, none of them a control character")
}

/// Databases refuse NUL, and terminals obey the others.
fn unfit(text: &str) -> bool {
    text.chars().count() > NewLeader::MAX_TEXT || text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong() -> NewLeader {
        NewLeader {
            name: "  ".into(),
            handles: [("x".into(), "not a handle".into())].into(),
            tracking_topics: vec!["t".repeat(201)],
        }
    }

    #[test]
    fn every_mistake_of_a_new_leader_is_found_at_once() {
        let fields: Vec<_> = wrong().violations().into_iter().map(|v| v.field).collect();
        assert_eq!(fields, ["name", "handles.x", "trackingTopics"]);
        assert!(NewLeader { name: "A".into(), ..NewLeader::default() }.violations().is_empty());
    }

    #[test]
    fn a_change_obeys_the_rules_of_a_new_leader_for_what_it_names() {
        let NewLeader { name, handles, tracking_topics } = wrong();
        let change = LeaderChange { name: Some(name), handles: Some(handles), tracking_topics: Some(tracking_topics) };
        assert_eq!(change.violations(), wrong().violations());
        let topics = LeaderChange { name: None, handles: None, ..change };
        assert_eq!(topics.violations(), wrong().violations()[2..]);
        assert_eq!(LeaderChange::default().violations(), []);
    }

    #[test]
    fn the_old_name_of_x_still_names_its_handle() {
        let leader = NewLeader { handles: [("twitter".into(), "@amber".into())].into(), ..NewLeader::default() };
        assert_eq!(leader.x_handle_text(), Some("@amber"));
    }
}
