use super::*;
use crate::cook::pace::{CancelFlag, Pace};
use futures_lite::future::block_on;

#[test]
fn dump() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/corpus/fbx");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    for path in files {
        if path.extension().is_none_or(|e| e != "fbx") { continue; }
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if let Ok(filter) = std::env::var("DUMP") && !name.contains(&filter) { continue; }
        let bytes = std::fs::read(&path).unwrap();
        println!("=== {name}");
        let scene = match read(&bytes, &name, &FbxOptions::default(), &CancelFlag::new()) { Ok(s) => s, Err(e) => { println!("ERROR {e}"); continue } };
        for s in scene.searches() { println!("  search {} -> {:?}", s.authored, s.candidates.iter().map(|c| c.as_str()).collect::<Vec<_>>()); }
        let scene = scene.resolve(&BTreeMap::new()).unwrap();
        for d in scene.diagnostics() { println!("  {d}"); }
        println!("  ignored {:?}", scene.ignored());
        for (i, n) in scene.nodes().iter().enumerate() {
            let (s, r, t) = n.local.to_scale_rotation_translation();
            println!("  node {i} {:?} parent {:?} t {t:.4} r {:?} s {s:.4} vis {} mesh {:?} cam {:?} light {:?}", n.name, n.parent.map(|p| p.0), r.to_array().map(|x| (x*1e4).round()/1e4), n.visible, n.mesh.map(|m| m.0), n.camera.map(|m| m.0), n.light.map(|m| m.0));
        }
        for m in scene.materials() { println!("  material {m:?}"); }
        for m in scene.images() { println!("  image {m:?}"); }
        for m in scene.cameras() { println!("  {m:?}"); }
        for m in scene.lights() { println!("  {m:?}"); }
        for (i, m) in scene.meshes().iter().enumerate() {
            let mut pace = Pace::uninterrupted(CancelFlag::new());
            let loaded = block_on(m.loader.load(&mut pace)).unwrap();
            println!("  mesh {i} {:?} {:?} {}", m.name, m.size, m.object);
            for d in &loaded.diagnostics { println!("    {d}"); }
            for lod in &loaded.mesh.lods { for p in &lod.parts {
                let s = &p.streams;
                let min = s.positions.iter().fold([f32::MAX;3], |a, b| [a[0].min(b[0]), a[1].min(b[1]), a[2].min(b[2])]);
                let max = s.positions.iter().fold([f32::MIN;3], |a, b| [a[0].max(b[0]), a[1].max(b[1]), a[2].max(b[2])]);
                println!("    {} corners {} tris {} ranges {:?} n {} t {} uv {} c {} inf {} bounds {min:?} {max:?}", lod.name, s.positions.len(), p.indices.len()/3, p.ranges.iter().map(|r| (r.index_count/3, r.material.map(|m| m.0))).collect::<Vec<_>>(), s.normals.is_some(), s.tangents.is_some(), s.texcoords.is_some(), s.colors.is_some(), s.influences.len());
            } }
        }
    }
}
