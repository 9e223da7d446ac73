//! Tests of posts in both vocabularies.
