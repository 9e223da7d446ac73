//! The feed of the fake server: filters, pages and streams as the contract says, over posts in memory.

use std::cmp::Reverse;
use std::pin::Pin;

use amber_proto::v1::feed_service_server::FeedService;
use amber_proto::v1::{
    AnalyzeSentimentRequest, AnalyzeSentimentResponse, CreatePostRequest, CreatePostResponse, DeletePostRequest,
    DeletePostResponse, GetPostRequest, GetPostResponse, GetSentimentTrendRequest, GetSentimentTrendResponse,
    ListPostsRequest, ListPostsResponse, Post, Sentiment, SentimentLabel, TextAnalysis, UpdatePostRequest,
    UpdatePostResponse, WatchPostsRequest, WatchPostsResponse,
};
use futures::stream::{Stream, unfold};
use tonic::{Request, Response, Status};

use super::world::{Desk, World};

/// Posts on a page when the caller does not say, and at most.
const PAGE: (usize, usize) = (20, 100);

type Told = Pin<Box<dyn Stream<Item = Result<WatchPostsResponse, Status>> + Send>>;

#[tonic::async_trait]
impl FeedService for Desk {
    async fn list_posts(&self, request: Request<ListPostsRequest>) -> Result<Response<ListPostsResponse>, Status> {
        let asked = self.world().enter("ListPosts", request)?;
        let known = self.world().known();
        let mut posts: Vec<_> = known.posts.iter().filter(|post| fits(&asked, post)).cloned().collect();
        posts.sort_by_key(|post| Reverse(post.post_time.map(|at| (at.seconds, at.nanos))));
        let size = usize::try_from(asked.page_size).map_err(|_| Status::invalid_argument("a negative page size"))?;
        let size = if size == 0 { PAGE.0 } else { size.min(PAGE.1) };
        let start = place(&asked.page_token)?.unwrap_or(0);
        let end = (start + size).min(posts.len());
        let is_first = asked.page_token.is_empty();
        Ok(Response::new(ListPostsResponse {
            total_size: i64::try_from(posts.len()).unwrap_or(i64::MAX),
            next_page_token: if end < posts.len() { end.to_string() } else { String::new() },
            posts: posts.into_iter().skip(start).take(size).collect(),
            total_size_unknown: false,
            watch_token: if is_first { known.posts.len().to_string() } else { String::new() },
        }))
    }

    async fn get_post(&self, request: Request<GetPostRequest>) -> Result<Response<GetPostResponse>, Status> {
        let asked = self.world().enter("GetPost", request)?;
        let post = self.world().known().posts.iter().find(|post| post.id == asked.post_id).cloned();
        post.map(|post| Response::new(GetPostResponse { post: Some(post) }))
            .ok_or_else(|| Status::not_found("Post not found"))
    }

    type WatchPostsStream = Told;

    async fn watch_posts(&self, request: Request<WatchPostsRequest>) -> Result<Response<Told>, Status> {
        let asked = self.world().enter("WatchPosts", request)?;
        let (end, cuts) = {
            let known = self.world().known();
            (known.posts.len(), known.cuts)
        };
        let place = place(&asked.resume_token)?.unwrap_or(end);
        let reader = Reader { asked: as_list(asked), place, cuts, is_first: true, is_over: false };
        let follow = (reader, self.world().changes.subscribe(), self.clone());
        Ok(Response::new(Box::pin(unfold(follow, |(mut reader, mut changes, desk)| async move {
            loop {
                changes.mark_unchanged();
                if reader.is_over {
                    return None;
                }
                let told = reader.look(desk.world());
                if let Some(told) = told {
                    return Some((told, (reader, changes, desk)));
                }
                changes.changed().await.ok()?;
            }
        }))))
    }

    async fn get_sentiment_trend(
        &self,
        request: Request<GetSentimentTrendRequest>,
    ) -> Result<Response<GetSentimentTrendResponse>, Status> {
        self.world().enter("GetSentimentTrend", request)?;
        Err(Status::unimplemented("the fake server counts nothing"))
    }

    async fn analyze_sentiment(
        &self,
        request: Request<AnalyzeSentimentRequest>,
    ) -> Result<Response<AnalyzeSentimentResponse>, Status> {
        let asked = self.world().enter("AnalyzeSentiment", request)?;
        let neutral = |_| TextAnalysis {
            sentiment: Some(Sentiment {
                label: SentimentLabel::Neutral.into(),
                score: Some(0.0),
                model: "fake".to_owned(),
                unscored_reason: String::new(),
            }),
            language: "und".to_owned(),
        };
        Ok(Response::new(AnalyzeSentimentResponse { analyses: asked.texts.iter().map(neutral).collect() }))
    }

    async fn create_post(&self, request: Request<CreatePostRequest>) -> Result<Response<CreatePostResponse>, Status> {
        self.world().enter("CreatePost", request)?;
        Err(Status::unimplemented("the fake server takes posts from its test alone"))
    }

    async fn update_post(&self, request: Request<UpdatePostRequest>) -> Result<Response<UpdatePostResponse>, Status> {
        self.world().enter("UpdatePost", request)?;
        Err(Status::unimplemented("the fake server takes posts from its test alone"))
    }

    async fn delete_post(&self, request: Request<DeletePostRequest>) -> Result<Response<DeletePostResponse>, Status> {
        self.world().enter("DeletePost", request)?;
        Err(Status::unimplemented("the fake server takes posts from its test alone"))
    }
}

/// One who watches the posts.
struct Reader {
    asked: ListPostsRequest,
    /// How many posts were looked at.
    place: usize,
    cuts: u64,
    is_first: bool,
    is_over: bool,
}

impl Reader {
    fn look(&mut self, world: &World) -> Option<Result<WatchPostsResponse, Status>> {
        let known = world.known();
        if known.cuts > self.cuts {
            self.is_over = true;
            return Some(Err(Status::unavailable("the server goes away")));
        }
        if std::mem::take(&mut self.is_first) {
            return Some(Ok(WatchPostsResponse { post: None, resume_token: self.place.to_string() }));
        }
        while let Some(post) = known.posts.get(self.place) {
            self.place += 1;
            if fits(&self.asked, post) {
                let post = Some(post.clone());
                return Some(Ok(WatchPostsResponse { post, resume_token: self.place.to_string() }));
            }
        }
        None
    }
}

/// The filters of one who watches, as those of a list.
fn as_list(asked: WatchPostsRequest) -> ListPostsRequest {
    let WatchPostsRequest { leader_ids, platforms, languages, sentiments, since, until, text, resume_token: _ } = asked;
    ListPostsRequest { leader_ids, platforms, languages, sentiments, since, until, text, ..Default::default() }
}

fn fits(asked: &ListPostsRequest, post: &Post) -> bool {
    let instant = |at: Option<prost_types::Timestamp>| at.map(|at| (at.seconds, at.nanos));
    let (since, until, at) = (instant(asked.since), instant(asked.until), instant(post.post_time));
    let label = post.sentiment.as_ref().map_or(0, |sentiment| sentiment.label);
    let in_range = |range: &String| {
        let (tag, range) = (post.language.to_ascii_lowercase(), range.to_ascii_lowercase());
        tag == range || tag.starts_with(&format!("{range}-"))
    };
    (asked.leader_ids.is_empty() || asked.leader_ids.contains(&post.leader_id))
        && (asked.platforms.is_empty() || asked.platforms.contains(&post.platform))
        && (asked.languages.is_empty() || asked.languages.iter().any(in_range))
        && (asked.sentiments.is_empty() || asked.sentiments.contains(&label))
        && since.is_none_or(|since| at.is_some_and(|at| at >= since))
        && until.is_none_or(|until| at.is_some_and(|at| at < until))
        && post.text.to_ascii_lowercase().contains(&asked.text.to_ascii_lowercase())
}

/// Reads a token; an empty one is no place.
fn place(token: &str) -> Result<Option<usize>, Status> {
    if token.is_empty() {
        return Ok(None);
    }
    token.parse().map(Some).map_err(|_| Status::invalid_argument("this server did not make the token"))
}
