//! One process at a time has a container.

use crate::common::{
    container, images,
    process::{import, run, start, verify},
};

#[test]
fn a_second_process_is_told_who_has_the_container() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("a.png");
    std::fs::write(&source, images::picture(16, 16, 1)).unwrap();
    let root = folder.path().join("cooked");
    // The first process stops while it has the container open, for as long as the test wants.
    let mut command = import(&root, &[&source]);
    let mut first = start(command.env("KILN_FAULT", "4:stall"));
    let holder = first.child.id().to_string();
    let lock = root.join("kiln.lock");
    first.until("the container is locked", || {
        std::fs::read_to_string(&lock).is_ok_and(|text| text == holder)
    });

    let second = run(import(&root, &[&source]).arg("--json")).expect(1);
    assert_eq!(second.codes(), ["container.locked"]);
    let told = format!("the container is open in process {holder}");
    assert!(second.stderr.contains(&told), "{}", second.stderr);
    assert!(second.stderr.contains("help: "), "{}", second.stderr);
    let verifier = run(verify(&root).arg("--json")).expect(1);
    assert_eq!(verifier.codes(), ["container.locked"]);
    // Another container is nobody else's business.
    run(&mut import(&folder.path().join("other"), &[&source])).expect(0);

    first.kill();
    assert!(
        lock.exists(),
        "a crash leaves the file behind, but not the lock"
    );
    run(&mut import(&root, &[&source])).expect(0);
    assert!(!lock.exists());
    assert_eq!(container::read(&root).textures.len(), 2);
}

#[test]
fn a_lock_file_of_nobody_is_no_lock() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("a.png");
    std::fs::write(&source, images::picture(16, 16, 1)).unwrap();
    let root = folder.path().join("cooked");
    std::fs::create_dir(&root).unwrap();
    for text in ["", "1", "not a number", "\u{fe}\u{ff}"] {
        std::fs::write(root.join("kiln.lock"), text).unwrap();
        run(&mut import(&root, &[&source])).expect(0);
        container::read(&root);
    }
}
