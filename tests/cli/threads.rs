//! The same sources give the same bytes, whatever cooks them.

use crate::common::{container, files, images, process::import, process::run};
use std::path::{Path, PathBuf};

/// Sources of all formats and of very different sizes, so that they are finished in another order
/// than they begin.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut sources = Vec::new();
    let mut add = |name: &str, bytes: Vec<u8>| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        sources.push(path);
    };
    add("large.png", images::picture(256, 192, 1));
    for i in 0..8_u32 {
        let size = 4 + i * i;
        add(
            &format!("small_{i}.png"),
            images::picture(size, size + i, i.into()),
        );
    }
    add("medium_normal.bmp", images::bmp(96, 64, 2));
    add("odd.tga", images::tga(33, 17, 3));
    add("sky.hdr", images::hdr(64, 32, 4));
    // Equal to another one: it shares its texture, whichever is cooked first.
    add("large_again.png", images::picture(256, 192, 1));
    add("last.png", images::picture(160, 160, 5));
    sources
}

#[test]
fn one_two_or_eight_threads() {
    let folder = tempfile::tempdir().unwrap();
    let sources = sources(folder.path());
    let run_with = |name: &str, args: &[&str]| {
        let root = folder.path().join(name);
        run(import(&root, &sources).args(args)).expect(0);
        root
    };
    let root = run_with("one", &["--threads", "1"]);
    let cooked = container::read(&root);
    assert!(cooked.guid_is_derived);
    // The fallback, and a texture for each source but the one that is there twice.
    assert_eq!(cooked.textures.len(), sources.len());
    assert_eq!(cooked.catalog.len(), sources.len());
    let shared = [cooked.texture("large"), cooked.texture("large_again")];
    assert_eq!(shared[0].offset, shared[1].offset);
    let expected = files(&root);
    for (name, args) in [
        ("two", &["--threads", "2"][..]),
        ("eight", &["--threads", "8"][..]),
        ("eight-again", &["--threads", "8"][..]),
        ("default", &[][..]),
        ("little-memory", &["--threads", "8", "--memory", "1"][..]),
    ] {
        assert!(files(&run_with(name, args)) == expected, "{name}");
    }
}

#[test]
fn an_unchanged_import_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let sources = sources(folder.path());
    let root = folder.path().join("cooked");
    run(&mut import(&root, &sources)).expect(0);
    let modified = |path: &Path| std::fs::metadata(path).unwrap().modified().unwrap();
    let stamps = |root: &Path| -> Vec<_> {
        let paths = files(root).into_keys();
        paths.map(|path| modified(&root.join(path))).collect()
    };
    let (before, written) = (files(&root), stamps(&root));
    let again = run(&mut import(&root, &sources)).expect(0);
    assert!(again.stdout.contains("unchanged"), "{}", again.stdout);
    assert!(files(&root) == before);
    assert_eq!(
        stamps(&root),
        written,
        "not even the same bytes are written"
    );
}

#[test]
fn a_changed_source_is_appended() {
    let folder = tempfile::tempdir().unwrap();
    let sources = sources(folder.path());
    let root = folder.path().join("cooked");
    run(&mut import(&root, &sources)).expect(0);
    let before = container::read(&root);
    let old = files(&root);
    std::fs::write(&sources[0], images::picture(128, 128, 77)).unwrap();
    run(&mut import(&root, &sources)).expect(0);
    let after = container::read(&root);
    assert_eq!(after.guid, before.guid);
    assert_eq!(after.textures.len(), before.textures.len() + 1);
    assert_eq!(after.texture("large").width, 128);
    assert_eq!(after.texture("large_again").width, 256);
    for (path, bytes) in files(&root) {
        if path.starts_with("Resources") {
            assert!(bytes.starts_with(&old[&path]), "{path:?} was overwritten");
        }
    }
}
