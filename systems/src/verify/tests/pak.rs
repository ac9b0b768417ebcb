//! Containers are packed, and the files are verified and read back.

use super::*;
use crate::pack::{pack_container, pack_container_until};
use bevy_kiln_assets::format::pak::{BrowsePath, PakFrame, PakOptions};

/// A container, packed; the folder that both are in, and the bytes of the file.
fn packed(content: &Content, options: PakOptions) -> (TempDir, PathBuf, Vec<u8>) {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("cooked");
    content.write(&root);
    let pak = folder.path().join("game.pak");
    let report = pack_container(&root, &pak, &options);
    assert!(report.success, "{:?}", report.diagnostics);
    let bytes = fs::read(&pak).unwrap();
    assert_eq!(report.size, bytes.len() as u64);
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 2, "no draft is left");
    (folder, pak, bytes)
}

#[test]
fn options_that_do_not_fit_leave_no_file() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("cooked");
    content().write(&root);
    let options = PakOptions {
        guid: Some([0; 16]),
        ..PakOptions::default()
    };
    let report = pack_container(&root, &folder.path().join("game.pak"), &options);
    assert!(!report.success);
    let told: Vec<_> = report.diagnostics.iter().map(|d| d.code.id()).collect();
    assert_eq!(told, ["container.pack_too_large"]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_packing_that_is_cancelled_leaves_no_file() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("cooked");
    content().write(&root);
    let pak = folder.path().join("game.pak");
    fs::write(&pak, "what was there").unwrap();
    let cancel = CancelFlag::new();
    cancel.cancel();
    let report = pack_container_until(&root, &pak, &PakOptions::default(), &cancel);
    let told: Vec<_> = report.diagnostics.iter().map(|d| d.code.id()).collect();
    assert_eq!(told, ["import.canceled"]);
    assert_eq!(fs::read(&pak).unwrap(), b"what was there");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn a_packed_container_is_clean_and_the_same() {
    let content = content();
    let (_folder, pak, bytes) = packed(&content, PakOptions::default());
    let report = verify_pak(&pak);
    assert_eq!(codes(&report), [""; 0], "{:?}", report.diagnostics);
    assert_eq!((report.textures, report.buffers, report.assets), (1, 4, 4));

    let len = bytes.len();
    let frame = PakFrame::parse(&bytes[..256], &bytes[len - 256..], len as u64).unwrap();
    let part = |range: std::ops::Range<u64>| &bytes[range.start as usize..range.end as usize];
    let directory = frame.read_directory(part(frame.directory())).unwrap();
    for entry in &directory {
        let asset = content.assets.iter().find(|asset| asset.key == entry.key);
        let start = entry.descriptor_offset;
        let stored = part(start..start + u64::from(entry.descriptor_size));
        assert_eq!(stored, asset.unwrap().bytes);
    }
    assert_eq!(directory.len(), content.assets.len());
    let browse = BrowsePath::read_all(part(frame.browse_index().unwrap())).unwrap();
    for BrowsePath { path, key } in &browse {
        assert_eq!(*key, path.key());
    }
    let table = part(frame.buffer_table()).chunks_exact(32);
    for (entry, loose) in table.zip(&content.buffers) {
        let entry = BufferEntry::parse(entry).unwrap();
        let size = u64::from(entry.size_bytes());
        let start = loose.data_offset() as usize;
        assert_eq!(
            part(entry.data_offset()..entry.data_offset() + size),
            &content.buffer_data[start..start + size as usize]
        );
        assert_eq!(entry.content_hash(), loose.content_hash());
    }
    // The same again, whatever the time and the place.
    assert_eq!(packed(&content, PakOptions::default()).2, bytes);
}

#[test]
fn identity_and_version_can_be_chosen() {
    let options = PakOptions {
        guid: Some([7; 16]),
        content_version: Some(0x0102),
    };
    let (_folder, pak, bytes) = packed(&content(), options);
    assert_eq!(bytes[10..12], [2, 1]);
    assert_eq!(bytes[12..28], [7; 16]);
    assert!(verify_pak(&pak).valid);
}

#[test]
fn a_container_without_anything_is_packed_as_well() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("cooked");
    fs::create_dir(&root).unwrap();
    let index = ContainerIndex::new(None, 0, Vec::new(), Vec::new()).unwrap();
    fs::write(root.join(INDEX_FILE), index.to_bytes().unwrap()).unwrap();
    let pak = folder.path().join("empty.pak");
    assert!(pack_container(&root, &pak, &PakOptions::default()).success);
    assert_eq!(fs::metadata(&pak).unwrap().len(), 512);
    assert_eq!(codes(&verify_pak(&pak)), [""; 0]);
}

#[test]
fn what_is_not_valid_is_not_packed() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("cooked");
    let pak = folder.path().join("game.pak");
    fs::write(&pak, "older").unwrap();
    let report = pack_container(&root, &pak, &PakOptions::default());
    assert!(!report.success, "there is no container");
    content().write(&root);
    fs::write(root.join("Scenes/Box.oscene"), "damaged").unwrap();
    let report = pack_container(&root, &pak, &PakOptions::default());
    assert!(!report.success);
    let last = report.diagnostics.last().unwrap();
    assert_eq!(
        last.code,
        bevy_kiln_assets::diagnostic::codes::container::NOT_PACKED
    );
    assert_eq!(fs::read(&pak).unwrap(), b"older");
    // A place that nothing can be written to.
    content().write(&root);
    let nowhere = folder.path().join("no/such/folder/game.pak");
    assert!(!pack_container(&root, &nowhere, &PakOptions::default()).success);
}

/// One of each kind, as small as can be.
fn small() -> Content {
    let mut content = Content::default();
    let material = content.add_material("Paint");
    let geometry = content.add_geometry("Body", 2, material);
    content.add_scene("Box", geometry);
    content
}

#[test]
fn damage_of_a_pak_is_found_and_never_panics() {
    let (_folder, pak, bytes) = packed(&small(), PakOptions::default());
    for at in (0..bytes.len())
        .step_by(97)
        .chain(bytes.len() - 256..bytes.len())
    {
        let mut bad = bytes.clone();
        bad[at] ^= 0x41;
        fs::write(&pak, &bad).unwrap();
        assert!(!verify_pak(&pak).valid, "byte {at}");
    }
    for len in (0..bytes.len()).step_by(389) {
        fs::write(&pak, &bytes[..len]).unwrap();
        assert!(!verify_pak(&pak).valid, "{len} bytes");
    }
    assert!(!verify_pak(Path::new("no/such.pak")).valid);
}

/// What is found when bytes are replaced and there is no checksum to tell.
fn found(pak: &Path, bytes: &[u8], at: usize, new: &[u8]) -> Vec<&'static str> {
    let mut bad = bytes.to_vec();
    bad[at..at + new.len()].copy_from_slice(new);
    let crc = bad.len() - 12;
    bad[crc..crc + 4].fill(0);
    fs::write(pak, &bad).unwrap();
    codes(&verify_pak(pak))
}

#[test]
fn rules_of_paks() {
    let (_folder, pak, bytes) = packed(&small(), PakOptions::default());
    let footer = bytes.len() - 256;
    let u64_at = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
    let (directory, browse) = (u64_at(footer), u64_at(footer + 120));
    // A file without checksum is one with a warning.
    assert_eq!(found(&pak, &bytes, 0, b"O"), ["verify.pak_form"]);
    for (at, new) in [
        (0, &b"X"[..]),
        (8, &[5]),
        (12, &[0; 16]),
        (28, &[1]),
        (footer, &[0xff; 4]),
        (footer + 8, &[1]),
        (footer + 84, &[41]),
        (footer + 136, &[1]),
        (footer + 248, b"X"),
        (directory + 16, &[4]),
        (directory + 17, &[1]),
        (directory + 25, &[0xff; 8]),
        (directory + 37, &[1]),
        (directory + 64, &bytes[directory..directory + 16]),
        (browse, b"X"),
        (browse + 12, &[9]),
        (browse + 20, &[1]),
        (browse + 24, &[0xee]),
        (browse + 24 + 20, &[0xff; 4]),
    ] {
        let found = found(&pak, &bytes, at, new);
        assert!(found.contains(&"verify.pak"), "byte {at}: {found:?}");
    }
    // Right after the first buffer: bytes that belong to nothing.
    let buffers = u64_at(footer + 40);
    let table = u64_at(footer + 88);
    let size = u32::from_le_bytes(bytes[table + 8..table + 12].try_into().unwrap()) as usize;
    let padding = buffers + size;
    assert_eq!(bytes[padding], 0);
    assert!(found(&pak, &bytes, padding, &[1]).contains(&"verify.padding"));
    // Two blobs in one place, and one outside of its region.
    let first = &bytes[table..table + 8];
    assert!(found(&pak, &bytes, table + 32, first).contains(&"verify.pak"));
    assert!(found(&pak, &bytes, table, &[0, 0]).contains(&"verify.range"));
}

/// Other tools hash other bytes; a file whose checksum is right is not damaged by that.
#[test]
fn foreign_hashes_are_warnings_under_a_good_checksum() {
    let (_folder, pak, bytes) = packed(&content(), PakOptions::default());
    let directory = u64::from_le_bytes(bytes[bytes.len() - 256..][..8].try_into().unwrap());
    let at = directory as usize + 25;
    let descriptor = u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
    let mut foreign = bytes.clone();
    foreign[descriptor + 67] ^= 0x41;
    fs::write(&pak, &foreign).unwrap();
    let report = verify_pak(&pak);
    assert!(!report.valid, "the checksum does not fit");
    let mut checksum = bevy_kiln_assets::verify::pak::Checksum::new(foreign.len() as u64);
    checksum.update(&foreign);
    let crc = checksum.value();
    let end = foreign.len() - 12;
    foreign[end..end + 4].copy_from_slice(&crc.to_le_bytes());
    fs::write(&pak, &foreign).unwrap();
    let report = verify_pak(&pak);
    assert_eq!(codes(&report), ["verify.hash"]);
    assert!(report.valid);
}
