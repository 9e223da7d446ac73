//! The newest posts, for dashboards that show them where the operator allows it.

use maud::{Markup, html};

use crate::domain::{Locale, Platform, Post};

/// The texts as their authors wrote them, and nothing that another site would have to be asked for.
pub(super) fn newest(posts: &[Post], locale: Locale) -> Markup {
    let words = locale.words();
    html! {
        section.card.full {
            h2 { (words.newest_posts) }
            @if posts.is_empty() { p.fine { (words.no_posts) } }
            ul.posts { @for post in posts { li { (one(post, locale)) } } }
        }
    }
}

fn one(post: &Post, locale: Locale) -> Markup {
    let words = locale.words();
    html! {
        article {
            p.by {
                bdi { b { (post.author.name) } }
                @if !post.author.handle.is_empty() { " " bdi.handle { "@" (post.author.handle) } }
                " · " time datetime=(post.posted_at) { (locale.instant(post.posted_at)) }
            }
            p.text dir="auto" lang=[Some(&post.language).filter(|tag| *tag != "und")] { (post.text) }
            @if let Some(link) = link(post) {
                a href=(link) target="_blank" rel="noopener noreferrer nofollow" {
                    @if post.platform == Platform::X { (words.view_on_x) } @else { (words.view_original) }
                }
            }
        }
    }
}

/// The permalink, when it is an address of the web: whatever else it is, it stays out of the page.
fn link(post: &Post) -> Option<&str> {
    let url = url::Url::parse(&post.permalink).ok()?;
    (url.scheme() == "https" && url.has_host()).then_some(post.permalink.as_str())
}
