//! A Redis cluster of three nodes, each with a third of the slots.

use super::{Cli, Redis};
use crate::port::Port;

/// Slots of a cluster; the last one of each node but one.
const BORDERS: [u32; 4] = [0, 5_461, 10_923, 16_384];

/// Three nodes. Dropping it ends them.
#[derive(Debug)]
pub struct RedisCluster {
    nodes: [Redis; 3],
    /// By which the nodes speak with each other; their own while a node is away too.
    _buses: [Port; 3],
}

impl RedisCluster {
    /// Starts a cluster and waits until all of its nodes say that it is whole; `None` where Redis is not installed.
    ///
    /// # Panics
    /// When Redis is installed but forms no cluster.
    #[must_use]
    pub fn start() -> Option<Self> {
        let buses = [(); 3].map(|()| Port::claim());
        let node = |bus: &Port| {
            let bus = bus.number().to_string();
            let arguments = ["--cluster-enabled", "yes", "--cluster-node-timeout", "5000", "--cluster-port", &bus];
            Redis::start_with(|_| arguments.map(str::to_owned).to_vec())
        };
        let nodes = [node(&buses[0])?, node(&buses[1])?, node(&buses[2])?];
        for (place, node) in nodes.iter().enumerate() {
            let (first, last) = (BORDERS[place], BORDERS[place + 1] - 1);
            assert_eq!(node.cli().say(&format!("CLUSTER ADDSLOTSRANGE {first} {last}")).as_deref(), Some("OK"));
            // Else two nodes may begin with the same epoch, and settle that later.
            node.cli().say(&format!("CLUSTER SET-CONFIG-EPOCH {}", place + 1));
            if place > 0 {
                node.cli().say(&format!("CLUSTER MEET 127.0.0.1 {} {}", nodes[0].port(), buses[0].number()));
            }
        }
        for node in &nodes {
            node.cli().say_until("CLUSTER INFO", "cluster_known_nodes:3");
            node.cli().say_until("CLUSTER INFO", "cluster_state:ok");
        }
        Some(Self { nodes, _buses: buses })
    }

    /// The address of two of the nodes, as `redis+cluster://`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis+cluster://127.0.0.1:{},127.0.0.1:{}", self.nodes[0].port(), self.nodes[1].port())
    }

    /// The nodes.
    #[must_use]
    pub fn nodes(&self) -> &[Redis; 3] {
        &self.nodes
    }

    /// The place of the node that keeps this key.
    ///
    /// # Panics
    /// When the cluster does not say.
    #[must_use]
    pub fn place_of(&self, key: &str) -> usize {
        let slot = self.slot_of(key);
        BORDERS.iter().rposition(|first| *first <= slot).expect("the first slot is zero")
    }

    /// The slot of a key.
    ///
    /// # Panics
    /// When the cluster does not say.
    #[must_use]
    pub fn slot_of(&self, key: &str) -> u32 {
        let slot = self.nodes[0].cli().say(&format!("CLUSTER KEYSLOT {key}"));
        slot.and_then(|slot| slot.parse().ok()).expect("a slot")
    }

    /// Begins to move the slot of a key to another node: keys that are not there yet are asked for at the other one.
    ///
    /// # Panics
    /// When the cluster refuses.
    pub fn begin_move(&self, key: &str, to: usize) {
        let (slot, from) = (self.slot_of(key), self.place_of(key));
        let ids = self.ids();
        let begun = [
            self.cli(to).say(&format!("CLUSTER SETSLOT {slot} IMPORTING {}", ids[from])),
            self.cli(from).say(&format!("CLUSTER SETSLOT {slot} MIGRATING {}", ids[to])),
        ];
        assert!(begun.iter().all(|told| told.as_deref() == Some("OK")), "{begun:?}");
    }

    /// Moves the key itself.
    ///
    /// # Panics
    /// When the cluster refuses.
    pub fn move_key(&self, key: &str, to: usize) {
        let moved =
            self.cli(self.place_of(key)).say(&format!("MIGRATE 127.0.0.1 {} {key} 0 2000", self.nodes[to].port()));
        assert!(matches!(moved.as_deref(), Some("OK" | "NOKEY")), "{moved:?}");
    }

    /// Ends the move of a slot: from now on the other node keeps it.
    ///
    /// # Panics
    /// When the cluster refuses.
    pub fn end_move(&self, key: &str, to: usize) {
        let (slot, id) = (self.slot_of(key), &self.ids()[to]);
        for place in [to, self.place_of(key)] {
            let told = self.cli(place).say(&format!("CLUSTER SETSLOT {slot} NODE {id}"));
            assert_eq!(told.as_deref(), Some("OK"));
        }
    }

    fn cli(&self, place: usize) -> Cli {
        self.nodes[place].cli()
    }

    fn ids(&self) -> [String; 3] {
        self.nodes.each_ref().map(|node| node.cli().say("CLUSTER MYID").expect("a node has an id"))
    }
}
