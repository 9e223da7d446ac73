//! The recording: profiles of the old service, and the requests that each was sent, with their answers.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};

/// A request and the answer of the old service.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) id: String,
    pub(super) profile: String,
    pub(super) request: Value,
    pub(super) times: u64,
    /// Variables that later requests need, and where they stand in the answer.
    pub(super) capture: Map<String, Value>,
    pub(super) status: u16,
    /// The body, when it was JSON.
    pub(super) json: Option<Value>,
    /// The body, when it was something else.
    pub(super) body: String,
    /// The headers, by their names in lower case.
    pub(super) headers: BTreeMap<String, String>,
    /// Values that differ from run to run, and their kinds.
    pub(super) varies: Map<String, Value>,
    seq: u64,
}

/// How the old service was set up, and the cases in the order in which they were recorded.
#[derive(Debug)]
pub(super) struct Profile {
    pub(super) name: String,
    /// Which half of the old service answered.
    pub(super) branch: String,
    pub(super) variables: BTreeMap<String, String>,
    pub(super) groups: Vec<Vec<Case>>,
}

/// All that was recorded.
pub(super) struct Recording(Vec<Profile>);

impl Recording {
    pub(super) fn read(folder: &Path) -> Self {
        let order = read(&folder.join("order.json"));
        let mut cases = Vec::new();
        let mut setups = BTreeMap::new();
        for file in folder.read_dir().expect("the recorded cases") {
            let path = file.expect("it is readable").path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let file = read(&path);
            if file["format"] != "amber-wire/1" {
                continue;
            }
            for (name, profile) in file["profiles"].as_object().expect("profiles") {
                let environment = profile["env"].as_object().expect("an environment").iter();
                let texts = environment.map(|(name, value)| (name.clone(), text(value).to_owned()));
                setups.insert(name.clone(), (text(&profile["branch"]).to_owned(), texts.collect()));
            }
            cases.extend(file["cases"].as_array().expect("cases").iter().map(Case::read));
        }
        let profiles = order.as_object().expect("an object").iter().map(|(name, groups)| {
            let groups = groups.as_array().expect("groups").iter().map(|group| {
                let prefix = format!("{}/", text(group));
                let is_of = |case: &&Case| case.profile == *name && case.id.starts_with(&prefix);
                let mut group: Vec<_> = cases.iter().filter(is_of).cloned().collect();
                group.sort_by_key(|case| case.seq);
                group
            });
            let (branch, variables) = setups[name].clone();
            Profile { name: name.clone(), branch, variables, groups: groups.collect() }
        });
        let profiles: Vec<_> = profiles.collect();
        let ordered: usize = profiles.iter().flat_map(|profile| &profile.groups).map(Vec::len).sum();
        assert_eq!(ordered, cases.len(), "cases of groups without an order");
        Self(profiles)
    }

    pub(super) fn profiles(&self) -> &[Profile] {
        &self.0
    }

    /// What this request was answered with by the profile that is named as its branch.
    pub(super) fn answer(&self, branch: &str, id: &str) -> &Value {
        let profile = self.0.iter().find(|profile| profile.name == branch).expect("a profile of that name");
        let case = profile.groups.iter().flatten().find(|case| case.id == id).expect("a case of that name");
        case.json.as_ref().expect("JSON")
    }

    pub(super) fn len(&self) -> usize {
        self.0.iter().flat_map(|profile| &profile.groups).map(Vec::len).sum()
    }
}

impl Case {
    fn read(case: &Value) -> Self {
        let response = &case["response"];
        let headers = response["headers"].as_array().expect("headers").iter();
        let object = |value: &Value| value.as_object().cloned().unwrap_or_default();
        Self {
            id: text(&case["id"]).to_owned(),
            profile: text(&case["profile"]).to_owned(),
            request: case["request"].clone(),
            times: case["times"].as_u64().expect("a number"),
            capture: object(&case["capture"]),
            status: response["status"].as_u64().and_then(|status| u16::try_from(status).ok()).expect("a status"),
            json: response.get("json").cloned(),
            body: response["body"].as_str().unwrap_or_default().to_owned(),
            headers: headers.map(|pair| (text(&pair[0]).to_lowercase(), text(&pair[1]).to_owned())).collect(),
            varies: object(&case["varies"]["json"]),
            seq: case["seq"].as_u64().expect("a number"),
        }
    }
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).expect("a readable file")).expect("JSON")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}
