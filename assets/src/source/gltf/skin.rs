//! Skins: which joints move a mesh.

use super::{accessor::Accessor, primitive::Checker, read::Which, space};
use crate::{
    cook::pace::Pace,
    diagnostic::Diagnostic,
    source::scene::{MeshLoadError, Skin},
};
use glam::{DMat4, Mat4};
use gltf::json::{
    self,
    accessor::{ComponentType, Type},
};

/// A skin whose references are valid.
#[derive(Debug)]
pub(super) struct SkinPlan {
    joints: usize,
    /// From mesh space to the space of each joint. Without it, all are the identity (glTF 2.0, section
    /// 5.28.1).
    matrices: Option<Accessor>,
}

impl SkinPlan {
    /// Checks a skin.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub(super) fn new(
        skin: &json::Skin,
        object: &str,
        checker: &mut Checker<'_>,
    ) -> Result<Self, Diagnostic> {
        let nodes = &checker.document.nodes;
        for (at, joint) in skin.joints.iter().enumerate() {
            super::document::get(
                nodes,
                "nodes",
                joint.value(),
                format!("{object}.joints[{at}]"),
            )?;
        }
        let matrices = match skin.inverse_bind_matrices {
            None => None,
            Some(index) => {
                let from = format!("{object}.inverseBindMatrices");
                let (document, limits) = (checker.document, checker.limits);
                let views = &mut checker.views;
                let accessor = Accessor::check(document, views, limits, index.value(), &from)?;
                Some(accessor.expect(&[Type::Mat4], &[ComponentType::F32], &from)?)
            }
        };
        Ok(Self {
            joints: skin.joints.len(),
            matrices,
        })
    }

    /// The skin in engine space. The mesh cooker judges whether there are matrices for all joints that
    /// vertices use, and whether they are finite.
    ///
    /// # Errors
    /// Cancellation, or data that breaks a rule.
    pub(super) async fn read(&self, scale: f32, pace: &mut Pace) -> Result<Skin, MeshLoadError> {
        let matrices = match &self.matrices {
            Some(accessor) => accessor.vectors::<16>(Which::All, pace).await?,
            None => vec![Mat4::IDENTITY.to_cols_array(); self.joints],
        };
        let turned = |matrix: [f32; 16]| {
            let matrix = DMat4::from_cols_array(&matrix.map(f64::from));
            space::matrix(matrix, f64::from(scale))
                .as_mat4()
                .to_cols_array()
        };
        let inverse_bind: Vec<_> = matrices.into_iter().take(self.joints).map(turned).collect();
        Ok(Skin {
            inverse_bind,
            joint_remap: (0..u32::try_from(self.joints).unwrap_or(u32::MAX)).collect(),
        })
    }
}
