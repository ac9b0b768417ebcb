//! Cameras and lights.

/// A camera. It looks along the local -Z of its node, with +Y up.
#[derive(Clone, Debug, PartialEq)]
pub struct CameraSource {
    /// The authored name; may be empty.
    pub name: String,
    /// How it projects, as authored: near, far and angles may still be senseless.
    pub projection: Projection,
}

/// How a camera projects. Lengths are metres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Projection {
    /// With a vanishing point.
    Perspective {
        /// The full vertical angle of view, in radians.
        fov_y: f32,
        /// Width by height, when it is authored.
        aspect: Option<f32>,
        /// Distance of the near plane.
        near: f32,
        /// Distance of the far plane; `None` for infinity.
        far: Option<f32>,
    },
    /// Without one.
    Orthographic {
        /// Half the width of the view.
        half_width: f32,
        /// Half the height of the view.
        half_height: f32,
        /// Distance of the near plane.
        near: f32,
        /// Distance of the far plane.
        far: f32,
    },
}

/// A light. It shines along the local -Z of its node.
#[derive(Clone, Debug, PartialEq)]
pub struct LightSource {
    /// The authored name; may be empty.
    pub name: String,
    /// Linear RGB.
    pub color: [f32; 3],
    /// As authored, in the unit of the source format.
    pub intensity: f32,
    /// Whether it lights anything.
    pub affects_world: bool,
    /// Whether it casts shadows.
    pub casts_shadows: bool,
    /// Its shape.
    pub kind: LightKind,
}

/// The shape of a light. Lengths are metres, angles radians from the axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LightKind {
    /// Parallel light.
    Directional,
    /// Light to all sides.
    Point {
        /// Where it ends, when it is authored.
        range: Option<f32>,
    },
    /// A cone of light.
    Spot {
        /// Where it ends, when it is authored.
        range: Option<f32>,
        /// Full brightness up to this angle.
        inner_angle: f32,
        /// None beyond this angle.
        outer_angle: f32,
    },
}
