//! Looking an item up before it is cooked, and keeping it afterwards.

use bevy_kiln_assets::cache::CacheKey;
use bevy_tasks::BoxedFuture;

use super::CookCache;
use crate::{
    lanes::CookContext,
    work::{CookFailure, CookInput, Cooked, StartWork, Work},
};

/// The cook of a payload: out of the cache if there is one and it knows the result, else by itself.
pub(crate) fn start<W: Work>(work: W, cache: Option<CookCache>) -> StartWork {
    Box::new(move |input, context| match cache {
        Some(cache) => cook(work, input, context, cache),
        None => work.cook(input, context),
    })
}

fn cook<W: Work>(
    work: W,
    input: CookInput,
    context: CookContext,
    cache: CookCache,
) -> BoxedFuture<'static, Result<Cooked, CookFailure>> {
    Box::pin(async move {
        // Hashing the input cannot be sliced.
        let (work, input, keys) = context
            .unsliced(move || {
                let key: Option<CacheKey> = work.cache_key(&input);
                let keys = key.map(|key| (key, key.named(&work.cache_names())));
                (work, input, keys)
            })
            .await;
        let Some((key, named)) = keys else {
            return work.cook(input, context).await;
        };
        for key in [key, named] {
            let found = cache.get(key).await;
            if let Some(cooked) = found.and_then(|found| work.restore(found)) {
                return Ok(Cooked {
                    cached: Some(true),
                    ..cooked
                });
            }
        }
        let again = work.clone();
        let mut cooked = work.cook(input, context).await?;
        if let Some(kept) = again.keep(&cooked) {
            let is_silent = kept.diagnostics.is_empty();
            cache.put(if is_silent { key } else { named }, &kept);
        }
        cooked.cached = Some(false);
        Ok(cooked)
    })
}
