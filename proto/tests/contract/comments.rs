//! The comment of every element opens with the name of the element, and RPCs say how they fail.

use prost_types::FileDescriptorProto;
use prost_types::source_code_info::Location;

use crate::sources;

/// Field numbers in `google/protobuf/descriptor.proto`, of which the path of a location is made.
mod path {
    pub(super) const MESSAGE: i32 = 4;
    pub(super) const ENUM: i32 = 5;
    pub(super) const SERVICE: i32 = 6;
    pub(super) const MEMBER: i32 = 2;
}

/// The name of the top-level element, or of its direct member, that a location describes.
fn name<'a>(file: &'a FileDescriptorProto, path: &[i32]) -> Option<&'a str> {
    let index = |position: usize| path.get(position).map(|&number| usize::try_from(number).expect("never negative"));
    let (kind, top, member) = (*path.first()?, index(1)?, index(3));
    match (kind, path.len()) {
        (path::MESSAGE, 2) => Some(file.message_type[top].name()),
        (path::MESSAGE, 4) if path[2] == path::MEMBER => Some(file.message_type[top].field[member?].name()),
        (path::ENUM, 2) => Some(file.enum_type[top].name()),
        (path::ENUM, 4) if path[2] == path::MEMBER => Some(file.enum_type[top].value[member?].name()),
        (path::SERVICE, 2) => Some(file.service[top].name()),
        (path::SERVICE, 4) if path[2] == path::MEMBER => Some(file.service[top].method[member?].name()),
        _ => None,
    }
}

fn is_rpc(path: &[i32]) -> bool {
    path.len() == 4 && path[0] == path::SERVICE && path[2] == path::MEMBER
}

/// Every named element of the contract with its location.
fn elements() -> Vec<(String, Location)> {
    let set = sources::compiled(true).file_descriptor_set();
    let own = set.file.into_iter().filter(|file| file.package() == "amber.v1");
    own.flat_map(|file| {
        let info = file.source_code_info.clone().expect("the compiler was asked for source positions");
        info.location.into_iter().filter_map(move |at| Some((name(&file, &at.path)?.to_owned(), at)))
    })
    .collect()
}

#[test]
fn every_comment_opens_with_the_name_of_its_element() {
    let elements = elements();
    assert!(elements.len() > 300, "only {} elements were found", elements.len());
    let wrong: Vec<&str> = elements
        .iter()
        .filter(|(name, at)| at.leading_comments().split_whitespace().next() != Some(name))
        .map(|(name, _)| name.as_str())
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn every_rpc_says_how_it_fails() {
    let elements = elements();
    let rpcs: Vec<_> = elements.iter().filter(|(_, at)| is_rpc(&at.path)).collect();
    assert!(!rpcs.is_empty());
    for (name, at) in rpcs {
        assert!(at.leading_comments().contains("Fails with "), "{name} does not say how it fails");
    }
}

#[test]
fn every_error_reason_shows_an_example_of_its_error_info() {
    for (name, at) in elements() {
        let Some(reason) = name.strip_prefix("ERROR_REASON_").filter(|&reason| reason != "UNSPECIFIED") else {
            continue;
        };
        let example = format!(r#"{{"reason": "{reason}", "domain": "{}""#, amber_proto::ERROR_DOMAIN);
        assert!(at.leading_comments().contains(&example), "{name} lacks {example}");
    }
}
