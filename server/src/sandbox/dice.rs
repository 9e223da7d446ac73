//! Repeatable chance: `SplitMix64` (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", 2014).

/// A stream of numbers that depends on nothing but its seeds.
pub(super) struct Dice(u64);

impl Dice {
    /// Dice for one purpose, told apart by all of `seeds`.
    pub(super) fn new(seeds: &[u64]) -> Self {
        let mut dice = Self(0x9e37_79b9_7f4a_7c15);
        for seed in seeds {
            dice.0 ^= seed;
            dice.0 = dice.next();
        }
        dice
    }

    /// The next 64 bits.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to `sides` - 1; zero for no sides.
    pub(super) fn below(&mut self, sides: i64) -> i64 {
        let sides = u64::try_from(sides).unwrap_or(0).max(1);
        i64::try_from(self.next() % sides).expect("a remainder of a number below 2^63 is below it")
    }

    /// The seed that a text stands for (FNV-1a, 64 bits).
    pub(super) fn of_text(text: &str) -> u64 {
        text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
    }

    /// True with a chance from 0 (never) to 1 (always).
    pub(super) fn hits(&mut self, chance: f64) -> bool {
        let throw = u32::try_from(self.next() >> 32).expect("32 bits");
        f64::from(throw) < chance * 4_294_967_296.0
    }

    /// True once in `n` throws.
    pub(super) fn once_in(&mut self, n: i64) -> bool {
        self.below(n) == 0
    }

    /// One of `choices`.
    ///
    /// # Panics
    /// When there is none.
    pub(super) fn pick<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        let count = i64::try_from(choices.len()).expect("lists are short");
        choices[usize::try_from(self.below(count)).expect("below the length of a list")]
    }
}
