//! The invented leaders of the demo. They match no real person; their handles end in `_sbx` so that none matches an account.

/// A leader that the demo follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DemoLeader {
    /// Name for people.
    pub name: &'static str,
    /// Handle, without the @.
    pub handle: &'static str,
    /// What the leader mostly writes about.
    pub topics: &'static [&'static str],
}

/// How somebody of the cast writes.
pub(super) struct Part {
    pub(super) leader: DemoLeader,
    pub(super) about: &'static str,
    /// Of ten posts, how many are in Hindi.
    pub(super) hindi_in_ten: i64,
    /// Weights of positive, neutral and negative posts.
    pub(super) mood: [i64; 3],
    pub(super) is_protected: bool,
}

/// The leaders of the demo, in the order in which it shows them.
pub(super) static CAST: [Part; 6] = [
    Part {
        leader: DemoLeader {
            name: "Ishvani Torelkar",
            handle: "ishvani_sbx",
            topics: &["CleanWater", "Schools", "Monsoon"],
        },
        about: "Speaks for clean water and good schools. An invented person in a sandbox.",
        hindi_in_ten: 4,
        mood: [5, 3, 2],
        is_protected: false,
    },
    Part {
        leader: DemoLeader {
            name: "Devrath Malunkare",
            handle: "devrath_sbx",
            topics: &["Farming", "Markets", "Irrigation"],
        },
        about: "Farms and markets. An invented person in a sandbox.",
        hindi_in_ten: 7,
        mood: [3, 3, 4],
        is_protected: false,
    },
    Part {
        leader: DemoLeader {
            name: "Noorika Zelvani",
            handle: "noorika_sbx",
            topics: &["Health", "Nutrition", "Clinics"],
        },
        about: "Health for every village. An invented person in a sandbox.",
        hindi_in_ten: 3,
        mood: [4, 3, 3],
        is_protected: false,
    },
    Part {
        leader: DemoLeader {
            name: "Bramwell Ostrick",
            handle: "ostrick_sbx",
            topics: &["Transport", "NightBuses", "Cycling"],
        },
        about: "Trains, trams & buses. An invented person in a sandbox.",
        hindi_in_ten: 0,
        mood: [2, 3, 5],
        is_protected: false,
    },
    Part {
        leader: DemoLeader {
            name: "Tamsin Veldhari",
            handle: "veldhari_sbx",
            topics: &["Science", "SolarPower", "Space"],
        },
        about: "Physics first, then policy. An invented person in a sandbox.",
        hindi_in_ten: 1,
        mood: [6, 3, 1],
        is_protected: false,
    },
    Part {
        leader: DemoLeader { name: "Quillon Harst", handle: "quillon_sbx", topics: &["Music", "Museums"] },
        about: "Writes for friends only. An invented person in a sandbox.",
        hindi_in_ten: 0,
        mood: [1, 1, 1],
        is_protected: true,
    },
];

/// A news desk whose long reports the leaders repeat. Nobody follows it.
pub(super) static WIRE: Part = Part {
    leader: DemoLeader {
        name: "Sandbox Wire",
        handle: "wire_sbx",
        topics: &["CleanWater", "Farming", "Health", "Transport", "Science"],
    },
    about: "Reports that never happened.",
    hindi_in_ten: 3,
    mood: [1, 4, 1],
    is_protected: false,
};

/// Name and handle of the account that holds every odd kind of post. Nobody follows it.
pub(super) const ODDITIES: (&str, &str) = ("Oddities", "oddities_sbx");
