//! A cache on a disk: what is kept, what is removed, and what damage does.

use super::*;
use bevy_kiln_assets::cache::segment::MAGIC;
use bevy_tasks::{AsyncComputeTaskPool, TaskPool, block_on};
use std::{
    fs,
    time::{Duration, SystemTime},
};

fn cache(folder: &Path) -> CookCache {
    limited(folder, CacheSettings::DEFAULT_BYTES)
}

fn limited(folder: &Path, max_bytes: u64) -> CookCache {
    AsyncComputeTaskPool::get_or_init(TaskPool::new);
    let mut settings = CacheSettings::new(folder);
    settings.max_bytes = max_bytes;
    CookCache::new(settings, MemoryBudget::new(1 << 30))
}

fn key(number: u64) -> CacheKey {
    let mut key = CacheKey::of("test", 1);
    key.field("number", &number.to_le_bytes()).finish()
}

fn cooked(number: u64, len: usize) -> CachedCook {
    CachedCook {
        facts: number.to_le_bytes().to_vec(),
        payloads: vec![vec![number as u8; len].into()],
        diagnostics: Vec::new(),
    }
}

fn get(cache: &CookCache, number: u64) -> Option<CachedCook> {
    let found = block_on(cache.get(key(number)));
    if let Some(found) = &found {
        assert_eq!(found.facts, number.to_le_bytes());
        assert!(found.payloads[0].iter().all(|byte| *byte == number as u8));
    }
    found
}

fn put(cache: &CookCache, numbers: std::ops::Range<u64>, len: usize) {
    for number in numbers {
        cache.put(key(number), &cooked(number, len));
    }
    cache.finish();
}

fn segments(folder: &Path) -> Vec<PathBuf> {
    index::segment_paths(&folder.join(SEGMENTS))
}

#[test]
fn entries_are_found_again_in_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let first = cache(folder.path());
    assert!(get(&first, 1).is_none());
    assert!(segments(folder.path()).is_empty(), "looking makes no file");
    put(&first, 0..100, 300);
    assert_eq!(segments(folder.path()).len(), 1);
    // The same process finds them, and so does another one.
    for cache in [&first, &cache(folder.path())] {
        for number in 0..100 {
            assert_eq!(get(cache, number).unwrap().payloads[0].len(), 300);
        }
        assert!(get(cache, 100).is_none());
    }
    assert_eq!(first.0.budget.used(), 0);
    let stats = stats(folder.path());
    assert_eq!((stats.segments, stats.entries), (1, 100));
}

#[test]
fn large_payloads_are_written_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let first = cache(folder.path());
    for (number, len) in [(1, 1 << 20), (2, 10), (3, 300 << 10), (4, 0)] {
        first.put(key(number), &cooked(number, len));
    }
    first.finish();
    let second = cache(folder.path());
    for (number, len) in [(1, 1 << 20), (2, 10), (3, 300 << 10), (4, 0)] {
        assert_eq!(get(&second, number).unwrap().payloads[0].len(), len);
    }
}

#[test]
fn a_forced_run_finds_nothing_and_keeps_everything() {
    let folder = tempfile::tempdir().unwrap();
    put(&cache(folder.path()), 0..2, 10);
    let mut settings = CacheSettings::new(folder.path());
    settings.force = true;
    let forced = CookCache::new(settings, MemoryBudget::new(1 << 20));
    assert!(get(&forced, 1).is_none());
    put(&forced, 1..3, 20);
    let after = cache(folder.path());
    assert_eq!(get(&after, 0).unwrap().payloads[0].len(), 10);
    assert_eq!(
        get(&after, 1).unwrap().payloads[0].len(),
        20,
        "the last one counts"
    );
    assert!(get(&after, 2).is_some());
}

#[test]
fn a_segment_without_a_footer_is_read() {
    let folder = tempfile::tempdir().unwrap();
    put(&cache(folder.path()), 0..5, 100);
    let path = segments(folder.path()).remove(0);
    let whole = fs::read(&path).unwrap();
    let footer = 5 * 48 + 48;
    // As a crash leaves it: without the footer, and with half an entry at the end.
    for len in [
        whole.len() - footer,
        whole.len() - footer - 50,
        whole.len() - 1,
    ] {
        fs::write(&path, &whole[..len]).unwrap();
        let cache = cache(folder.path());
        let found = (0..5)
            .filter(|number| get(&cache, *number).is_some())
            .count();
        assert_eq!(found, if len < whole.len() - footer { 4 } else { 5 });
    }
}

#[test]
fn no_damage_is_told_as_a_result() {
    let folder = tempfile::tempdir().unwrap();
    put(&cache(folder.path()), 0..2, 16);
    let path = segments(folder.path()).remove(0);
    let whole = fs::read(&path).unwrap();
    let found = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let cache = cache(folder.path());
        // `get` checks what it finds.
        (0..2)
            .filter(|number| get(&cache, *number).is_some())
            .count()
    };
    assert_eq!(found(&whole), 2);
    for at in 0..whole.len() {
        let mut bad = whole.clone();
        bad[at] ^= 0x11;
        let intact = found(&bad);
        let in_entries = at < whole.len() - (2 * 48 + 48);
        assert!(
            !in_entries || intact < 2 || at < MAGIC.len(),
            "byte {at}: {intact}"
        );
    }
    for len in 0..whole.len() {
        assert!(found(&whole[..len]) <= 2);
    }
    assert_eq!(found(b""), 0);
    assert_eq!(found(&[0xff; 500]), 0);
    // A segment that claims more than there is takes no memory.
    let mut huge = whole[..8 + 76].to_vec();
    huge[8 + 36..8 + 44].copy_from_slice(&u64::MAX.to_le_bytes());
    assert_eq!(found(&huge), 0);
}

#[test]
fn a_disk_that_cannot_be_written_is_told_of_once() {
    let folder = tempfile::tempdir().unwrap();
    let blocked = folder.path().join("cache");
    fs::write(&blocked, "a file is no folder").unwrap();
    let cache = cache(&blocked);
    for number in 0..20 {
        cache.put(key(number), &cooked(number, 10));
    }
    cache.finish();
    cache.put(key(99), &cooked(99, 10));
    cache.finish();
    let warnings = cache.take_warnings();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert_eq!(
        warnings[0].code,
        bevy_kiln_assets::diagnostic::codes::cache::UNWRITABLE
    );
    assert!(cache.take_warnings().is_empty() && get(&cache, 1).is_none());
    assert_eq!(cache.0.budget.used(), 0);
}

fn age(path: &Path, hours: u64) {
    let file = fs::OpenOptions::new().write(true).open(path).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(hours * 3600))
        .unwrap();
}

#[test]
fn what_was_not_used_for_longest_is_removed_first() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..4 {
        put(&cache(folder.path()), number..number + 1, 1000);
    }
    let paths = segments(folder.path());
    for (path, hours) in paths.iter().zip([40, 30, 20, 10]) {
        age(path, hours);
    }
    // The oldest one is used.
    assert!(get(&cache(folder.path()), 0).is_some());
    let one = fs::metadata(&paths[0]).unwrap().len();
    maintenance::trim(&folder.path().join(SEGMENTS), 2 * one + 10).unwrap();
    let left: Vec<bool> = (0..4)
        .map(|number| get(&cache(folder.path()), number).is_some())
        .collect();
    assert_eq!(left, [true, false, false, true]);
}

#[test]
fn tidying_joins_what_is_small_and_whole() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..6 {
        put(&cache(folder.path()), number / 2..number / 2 + 1, 1000);
    }
    let paths = segments(folder.path());
    // One has lost its footer, one is no segment.
    let bytes = fs::read(&paths[1]).unwrap();
    fs::write(&paths[1], &bytes[..bytes.len() - 30]).unwrap();
    fs::write(&paths[5], "garbage").unwrap();
    let before = stats(folder.path());
    assert_eq!((before.segments, before.entries), (6, 3));
    let tidied = tidy(folder.path(), CacheSettings::DEFAULT_BYTES).unwrap();
    let after = stats(folder.path());
    assert_eq!((after.segments, after.entries), (1, 3));
    assert_eq!((tidied.removed_segments, tidied.bytes), (5, after.bytes));
    assert!((0..3).all(|number| get(&cache(folder.path()), number).is_some()));
    // There is nothing left to do.
    let again = tidy(folder.path(), CacheSettings::DEFAULT_BYTES).unwrap();
    assert_eq!((again.removed_segments, again.freed_bytes), (0, 0));
    assert_eq!(clear(folder.path()).unwrap().bytes, 0);
    assert!(segments(folder.path()).is_empty());
}

#[test]
fn segments_that_are_being_written_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let writing = cache(folder.path());
    writing.put(key(1), &cooked(1, 100));
    while get(&writing, 1).is_none() {
        std::thread::yield_now();
    }
    assert_eq!(clear(folder.path()).unwrap().removed_segments, 0);
    assert_eq!(tidy(folder.path(), 0).unwrap().removed_segments, 0);
    put(&writing, 2..3, 100);
    let reading = cache(folder.path());
    assert!(get(&reading, 1).is_some() && get(&reading, 2).is_some());
    // A reader keeps what it has open, others find nothing.
    assert_eq!(tidy(folder.path(), 0).unwrap().removed_segments, 1);
    assert!(cfg!(windows) || get(&reading, 1).is_some());
    assert!(get(&cache(folder.path()), 1).is_none());
}

#[test]
fn segments_do_not_grow_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let cache = limited(folder.path(), 4 << 20);
    put(&cache, 0..5, 400 << 10);
    assert_eq!(
        segments(folder.path()).len(),
        2,
        "each is closed after a mebibyte"
    );
    assert!((0..5).all(|number| get(&cache, number).is_some()));
    // What is larger than the whole cache is not kept.
    put(&cache, 9..10, 5 << 20);
    assert!(get(&cache, 9).is_none());
}
