//! Scenes: textures, meshes, materials, geometries, and the scene that puts them together.
//!
//! An adapter of a scene format parses its source into a
//! [`SceneSource`](bevy_kiln_assets::source::scene::SceneSource) and calls [`plan_scene`]: the one
//! function that they all share. The plan has an item for each of
//!
//! | work | waits for | leaves |
//! | --- | --- | --- |
//! | [`SceneTextureWork`] | | a texture, or what stands in for it |
//! | [`MeshBuildWork`] | | buffers, and the shape of the mesh |
//! | [`MaterialWork`] | the textures of its slots | a material descriptor |
//! | [`GeometryWork`] | its mesh, the materials of it | a geometry descriptor |
//! | [`SceneWork`] | all geometries | a scene descriptor |
//!
//! in the order textures, materials, meshes, geometries, scene. What no other item waits for is cooked
//! side by side. Meshes and images are decoded when their item runs, so that a scene takes the memory of
//! a few of them.
//!
//! A texture that fails is replaced, if the settings say so. Any other failure ends the job, and its
//! container is as it was. There is no result that belongs to no item, no geometry before its mesh and no
//! material without its textures: items find what they need through the dependencies of the plan, whose
//! results are there before they start.

mod assemble;
mod emission;
mod geometry;
mod material;
mod mesh;
mod plan;
mod probe;
mod shared;
mod texture;
mod textures;

pub use assemble::SceneWork;
pub use geometry::GeometryWork;
pub use material::MaterialWork;
pub use mesh::MeshBuildWork;
pub use plan::plan_scene;
pub use texture::SceneTextureWork;
