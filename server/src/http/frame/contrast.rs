//! Tests of the colours of the frame: WCAG 2.2, success criteria 1.4.3 (text) and 1.4.11 (graphics), at level AA.

use std::collections::{BTreeMap, BTreeSet};

use super::document::STYLE;

const TEXT: f64 = 4.5;
const GRAPHIC: f64 = 3.0;

/// What stands on what, by the names of the style sheet, and how much they must differ at least.
const PAIRS: &[(&str, &[&str], f64)] = &[
    ("ink", &["ground", "card", "notice"], TEXT),
    // Axes, legends and heads of tables; `grid` is the ground of a bar that is pointed at.
    ("quiet", &["ground", "card", "grid"], TEXT),
    // Links, the line of the trend, and the ring around what has the focus.
    ("accent", &["ground", "card"], TEXT),
    ("accent", &["grid"], GRAPHIC),
    ("positive", &["card", "ground", "grid"], GRAPHIC),
    ("neutral", &["card", "ground", "grid"], GRAPHIC),
    ("negative", &["card", "ground", "grid"], GRAPHIC),
    // What has no tone is told by its edge.
    ("unscored-edge", &["card", "ground", "unscored"], GRAPHIC),
];

/// Colours that tell nothing: they may be left out.
const ORNAMENTS: [&str; 2] = ["edge", "notice-edge"];

/// The colours of each theme: light, dark, and dark because the system prefers it.
fn themes() -> [BTreeMap<&'static str, [u8; 3]>; 3] {
    let blocks: Vec<_> = STYLE.split("; color-scheme:").take(3).map(colours).collect();
    blocks.try_into().expect("three themes")
}

fn colours(block: &'static str) -> BTreeMap<&'static str, [u8; 3]> {
    let (_, block) = block.rsplit_once('{').expect("a theme is a block");
    let set = block.split(';').filter_map(|line| line.trim().strip_prefix("--")?.split_once(": #"));
    set.map(|(name, digits)| (name, colour(digits.trim()))).collect()
}

fn colour(digits: &str) -> [u8; 3] {
    let wide = 6 / digits.len();
    let part = |n: usize| digits[n * 2 / wide..(n + 1) * 2 / wide].repeat(wide);
    [0, 1, 2].map(|n| u8::from_str_radix(&part(n), 16).expect("hexadecimal digits"))
}

/// The relative luminance, 0 to 1 (WCAG 2.2, definition of that name).
fn luminance(colour: [u8; 3]) -> f64 {
    let [red, green, blue] = colour.map(|part| {
        let part = f64::from(part) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/// The contrast ratio, 1 to 21 (WCAG 2.2, definition of that name).
fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn the_measure_is_that_of_the_standard() {
    assert!((contrast([0; 3], [255; 3]) - 21.0).abs() < 1e-9);
    assert!((contrast(colour("777"), colour("ffffff")) - 4.48).abs() < 0.01, "the usual example");
}

#[test]
fn texts_and_graphics_stand_out_in_every_theme() {
    for (theme, colours) in ["light", "dark", "the system's dark"].into_iter().zip(themes()) {
        for (above, grounds, least) in PAIRS {
            for ground in *grounds {
                let ratio = contrast(colours[above], colours[ground]);
                assert!(ratio >= *least, "{theme}: {above} on {ground} is {ratio:.2}, and must be {least}");
            }
        }
    }
}

#[test]
fn every_colour_has_a_rule_and_none_is_written_past_the_themes() {
    let [light, dark, preferred] = themes();
    assert_eq!(dark, preferred);
    let ruled: BTreeSet<_> =
        PAIRS.iter().flat_map(|(above, grounds, _)| grounds.iter().chain([above])).copied().collect();
    let set = |theme: &BTreeMap<&'static str, _>| -> BTreeSet<_> {
        theme.keys().copied().filter(|name| !ORNAMENTS.contains(name)).collect()
    };
    assert_eq!((set(&light), set(&dark)), (ruled.clone(), ruled));
    let (_, after) = STYLE.split_once("* { box-sizing").expect("the rules come after the themes");
    assert!(!after.contains(": #") && !after.contains("rgb"), "a colour that no theme changes");
}
