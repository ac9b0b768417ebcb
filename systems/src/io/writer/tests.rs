use super::*;
use bevy_tasks::{TaskPool, block_on};
use std::sync::{
    atomic::{AtomicUsize, Ordering},
    mpsc,
};

use crate::io::{Fault, FaultEffect};

fn writer() -> FileWriter {
    AsyncComputeTaskPool::get_or_init(TaskPool::new);
    FileWriter::new()
}

fn chunk(path: &Path, offset: u64, padding: u64, bytes: &[u8]) -> Chunk {
    Chunk {
        path: path.into(),
        offset,
        padding,
        bytes: bytes.to_vec().into(),
    }
}

fn kind<T: std::fmt::Debug>(result: Result<T, FileError>) -> IoErrorKind {
    result.unwrap_err().kind
}

const ANY: WriteOptions = WriteOptions {
    create_directories: true,
    overwrite: true,
};

#[test]
fn whole_files() {
    let (writer, folder) = (writer(), tempfile::tempdir().unwrap());
    let path = folder.path().join("a/b/c");
    let write = |bytes: &'static [u8], options| block_on(writer.write(&path, bytes, options));
    let no_folders = WriteOptions {
        create_directories: false,
        ..ANY
    };
    assert_eq!(kind(write(b"x", no_folders)), IoErrorKind::NotFound);
    assert_eq!(write(b"a longer text", ANY), Ok(13));
    assert_eq!(write(b"short", ANY), Ok(5));
    assert_eq!(std::fs::read(&path).unwrap(), b"short");
    let no_overwrite = WriteOptions {
        overwrite: false,
        ..ANY
    };
    assert_eq!(
        kind(write(b"other", no_overwrite)),
        IoErrorKind::AlreadyExists
    );
    assert_eq!(std::fs::read(&path).unwrap(), b"short");
    assert_eq!(write(b"", ANY), Ok(0));
    assert_eq!(std::fs::read(&path).unwrap(), b"");
    let nowhere = block_on(writer.write("", *b"x", ANY));
    assert_eq!(kind(nowhere), IoErrorKind::InvalidPath);
}

#[test]
fn places_in_files() {
    let (writer, folder) = (writer(), tempfile::tempdir().unwrap());
    let path = folder.path().join("hello");
    std::fs::write(&path, "Hello, World!").unwrap();
    let write = |offset, padding, bytes: &[u8]| {
        block_on(writer.write_at(chunk(&path, offset, padding, bytes), ANY))
    };
    assert_eq!(write(7, 0, b"XYZ"), Ok(3));
    assert_eq!(std::fs::read(&path).unwrap(), b"Hello, XYZld!");
    assert_eq!(write(7, 2, b"xyz"), Ok(5));
    assert_eq!(std::fs::read(&path).unwrap(), b"Hello\0\0xyzld!");
    // What nobody wrote is zero too.
    assert_eq!(write(16, 1, b"!"), Ok(2));
    assert_eq!(std::fs::read(&path).unwrap(), b"Hello\0\0xyzld!\0\0\0!");
    assert_eq!(kind(write(1, 2, b"!")), IoErrorKind::InvalidPath);
    assert_eq!(kind(write(u64::MAX, 0, b"!")), IoErrorKind::InvalidPath);

    let fresh = folder.path().join("deep/fresh");
    let made = block_on(writer.write_at(chunk(&fresh, 0, 0, b""), ANY));
    assert_eq!((made, std::fs::read(&fresh).unwrap()), (Ok(0), Vec::new()));
    let below_a_file = chunk(&path.join("x"), 0, 0, b"x");
    let error = block_on(writer.write_at(below_a_file, ANY)).unwrap_err();
    assert!(error.system.is_some() && error.path.starts_with(folder.path()));
}

#[test]
fn chunks_of_every_size_land_where_they_belong() {
    let (writer, folder) = (writer(), tempfile::tempdir().unwrap());
    let files = ["a", "b"].map(|name| folder.path().join(name));
    let mut expected = [Vec::new(), Vec::new()];
    let mut chunks = Vec::new();
    for i in 0..60_usize {
        let file = usize::from(i % 5 == 0);
        let len = [10, 300_000, 0, 32 << 10, (32 << 10) + 1, 1 << 20, 77][i % 7];
        let padding = [0, 200, 3 << 20][i % 3];
        let bytes = vec![i as u8 + 1; len];
        let end = expected[file].len() + padding;
        expected[file].resize(end, 0);
        expected[file].extend_from_slice(&bytes);
        chunks.push(chunk(&files[file], end as u64, padding as u64, &bytes));
    }
    // Whatever was there before is overwritten, padding included.
    for (file, expected) in files.iter().zip(&expected) {
        std::fs::write(file, vec![0xee; expected.len()]).unwrap();
    }
    let (sender, receiver) = mpsc::channel();
    writer.write_chunks(chunks, ANY, move |result| sender.send(result).unwrap());
    let total = expected.iter().map(|file| file.len() as u64).sum();
    assert_eq!(receiver.recv().unwrap(), Ok(total));
    for (file, expected) in files.iter().zip(&expected) {
        assert!(std::fs::read(file).unwrap() == *expected, "{file:?}");
    }
}

#[test]
fn writes_to_one_file_run_side_by_side() {
    let (writer, folder) = (writer(), tempfile::tempdir().unwrap());
    let path = folder.path().join("shared");
    let writes: Vec<_> = (0..32_u8)
        .map(|i| writer.write_at(chunk(&path, u64::from(i) * 8, 4, &[i; 4]), ANY))
        .collect();
    // The first place has no room for its padding; everything else is written.
    block_on(writer.flush()).unwrap_err();
    assert_eq!(writer.pending_count(), 0);
    for (i, write) in writes.into_iter().enumerate() {
        assert_eq!(block_on(write).is_ok(), i > 0);
    }
    let bytes = std::fs::read(&path).unwrap();
    for (i, part) in bytes.chunks(8).enumerate().skip(1) {
        assert_eq!(part[..4], [i as u8; 4]);
    }
}

#[test]
fn a_flush_waits_for_everything_and_gives_the_first_error_once() {
    let (writer, folder) = (writer(), tempfile::tempdir().unwrap());
    assert_eq!(block_on(writer.flush()), Ok(()));
    let ended = Arc::new(AtomicUsize::new(0));
    for i in 0..40 {
        let ended = ended.clone();
        let chunk = chunk(&folder.path().join(i.to_string()), 0, 0, &[0; 1000]);
        writer.write_chunks(vec![chunk], ANY, move |result| {
            assert!(result.is_ok());
            ended.fetch_add(1, Ordering::AcqRel);
        });
    }
    assert_eq!(block_on(writer.flush()), Ok(()));
    assert_eq!(
        (ended.load(Ordering::Acquire), writer.pending_count()),
        (40, 0)
    );

    std::fs::write(folder.path().join("file"), "").unwrap();
    // Nobody looks at the futures: the flush tells.
    drop(writer.write(folder.path().join("file/below"), *b"x", ANY));
    drop(writer.write(folder.path().join("good"), *b"x", ANY));
    let error = block_on(writer.flush()).unwrap_err();
    assert!(
        error.path.ends_with("file/below") || error.path.ends_with("file"),
        "{error}"
    );
    assert_eq!(block_on(writer.flush()), Ok(()));
    assert_eq!(std::fs::read(folder.path().join("good")).unwrap(), b"x");
    block_on(writer.write("", *b"x", ANY)).unwrap_err();
    writer.forget_errors();
    assert_eq!(block_on(writer.flush()), Ok(()));
}

#[test]
fn cancelling_lasts_and_what_has_begun_is_finished() {
    let (writer, folder) = (writer(), tempfile::tempdir().unwrap());
    let (entered, begun) = mpsc::channel();
    let (release, held) = mpsc::channel::<()>();
    // A callback that waits keeps the queue of chunks busy: one is written after the other.
    let first = chunk(&folder.path().join("first"), 0, 0, b"begun");
    writer.write_chunks(vec![first], ANY, move |result| {
        entered.send(result).unwrap();
        let _ = held.recv();
    });
    assert_eq!(begun.recv().unwrap(), Ok(5));
    let queued = writer.write_at(chunk(&folder.path().join("queued"), 0, 0, b"x"), ANY);
    assert_eq!(writer.pending_count(), 2);
    writer.cancel_all();
    let late = writer.write(folder.path().join("late"), *b"x", ANY);
    assert_eq!(kind(block_on(late)), IoErrorKind::Cancelled);
    drop(release);
    assert_eq!(kind(block_on(queued)), IoErrorKind::Cancelled);
    assert_eq!(kind(block_on(writer.flush())), IoErrorKind::Cancelled);
    let later = writer.write_at(chunk(&folder.path().join("later"), 0, 0, b"x"), ANY);
    assert_eq!(kind(block_on(later)), IoErrorKind::Cancelled);
    let names = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!((names, writer.pending_count()), (1, 0));
}

#[test]
fn a_full_disk_has_its_own_kind() {
    let folder = tempfile::tempdir().unwrap();
    writer();
    let fault = Fault::new(2, FaultEffect::Errno(28));
    let writer = FileWriter::on(Disk::new(Some(fault)));
    let result = block_on(writer.write_at(chunk(&folder.path().join("a"), 0, 0, b"xy"), ANY));
    let error = result.unwrap_err();
    assert_eq!(error.kind, IoErrorKind::NoSpace);
    assert!(error.to_string().contains("(system: "), "{error}");
}

#[test]
fn a_callback_that_panics_does_not_stay_pending() {
    let (writer, folder) = (writer(), tempfile::tempdir().unwrap());
    let chunk = chunk(&folder.path().join("a"), 0, 0, b"xy");
    writer.write_chunks(vec![chunk], ANY, |_| panic!("as the test wants"));
    assert_eq!(block_on(writer.flush()), Ok(()));
}
