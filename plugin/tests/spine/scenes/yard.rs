//! The scene that the repository ships, from its file to its container.

use super::{parse, script::settings};
use crate::common::{Stepper, codes};
use bevy_kiln_components::{job::ImportRequest, report::Product};
use std::path::Path;

#[test]
fn the_shipped_scene_becomes_a_container() {
    let content = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/content");
    let mut stepper = Stepper::with(settings());
    let source = content.join("yard.glb");
    let request = ImportRequest::new(source.to_str().unwrap()).into_container(stepper.root());
    let job = stepper.client.submit(request).unwrap();
    let report = stepper.finish(&job);
    assert!(report.success, "{report:#?}");
    assert_eq!(codes(&report), [""; 0], "{:#?}", report.diagnostics);
    stepper.drain();
    let root = stepper.root();
    parse::verified(&root);
    let counts = [
        report.textures_written,
        report.materials_written,
        report.geometry_written,
        report.scenes_written,
    ];
    assert_eq!(counts, [3, 4, 4, 1]);
    // Two vertex streams for each mesh, and four more for the skinned one; some are equal.
    let buffers = report.products.iter();
    let buffers = buffers.filter(|product| matches!(product, Product::Buffer { .. }));
    assert_eq!(buffers.count(), 12);
    // Wood is bound by two materials, and cooked once.
    let wood = parse::texture_slot(&root, "Materials/yard/Wood.omat", 0);
    let planks = parse::texture_slot(&root, "Materials/yard/Planks.omat", 0);
    assert_eq!((wood, planks), (1, 1));
    // BC7 with an sRGB view for colours, without one for normals.
    let format = |slot| {
        parse::texture(
            &root,
            parse::texture_slot(&root, "Materials/yard/Wood.omat", slot),
        )
        .1
    };
    assert_eq!((format(0), format(1)), (63, 62));
    let names: Vec<String> = parse::nodes(&root, "Scenes/yard.oscene")
        .into_iter()
        .map(|(name, ..)| name)
        .collect();
    assert_eq!(
        names,
        [
            "Yard",
            "Ground",
            "Crate",
            "Small crate",
            "Leaf",
            "Pole",
            "Eye",
            "Sun",
            "Lamp",
            "Foot",
            "Tip"
        ]
    );
    let keys = parse::keys(&root);
    let shown = parse::renderables(&root, "Scenes/yard.oscene");
    let nodes: Vec<u32> = shown.iter().map(|(node, _)| *node).collect();
    assert_eq!(nodes, [1, 2, 3, 4, 5]);
    assert_eq!(shown[1].1, shown[2].1, "both crates are one geometry");
    assert_eq!(shown[1].1, keys["Geometry/yard/Crate.ogeo"]);
}
