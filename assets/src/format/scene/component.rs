//! Components: what nodes carry.

use crate::format::{
    bytes::{ByteReader, ByteWriter},
    ids::AssetKey,
    record::{RecordError, Stored, coded_enum, record},
};

/// A record of a component table. It begins with its node.
pub(crate) trait Component: Stored {
    /// What the directory calls the table: four characters.
    const TYPE: u32;

    /// The node that carries it.
    fn node(&self) -> u32;
}

macro_rules! components {
    ($($record:ident $tag:literal),*) => {$(
        impl Component for $record {
            const TYPE: u32 = u32::from_le_bytes(*$tag);

            fn node(&self) -> u32 {
                self.node_index
            }
        }
    )*};
}
components!(
    RenderableRecord b"MESH",
    PerspectiveCameraRecord b"PCAM",
    OrthographicCameraRecord b"OCAM",
    DirectionalLightRecord b"DLIT",
    PointLightRecord b"PLIT",
    SpotLightRecord b"SLIT"
);

record! {
    /// A geometry at a node.
    RenderableRecord: 36 bytes, 12 reserved {
        /// The node.
        node_index: u32 = 0,
        /// The geometry.
        geometry: AssetKey = AssetKey::NONE,
        /// Whether it is drawn where its node is.
        visible: bool = true,
    }
}

/// 45 degrees, with as many digits as the format gives it.
#[expect(
    clippy::approx_constant,
    reason = "the stored default is not π/4 to the last bit"
)]
const DEFAULT_FOV_Y: f32 = 0.785_398;

record! {
    /// A camera with a vanishing point. It looks along the -Z of its node, with +Y up.
    PerspectiveCameraRecord: 32 bytes, 12 reserved {
        /// The node.
        node_index: u32 = 0,
        /// The full vertical angle of view, in radians.
        fov_y: f32 = DEFAULT_FOV_Y,
        /// Width by height.
        aspect_ratio: f32 = 1.777_778,
        /// Distance of the near plane.
        near_plane: f32 = 0.1,
        /// Distance of the far plane.
        far_plane: f32 = 1000.0,
    }
}

record! {
    /// A camera without a vanishing point. It looks along the -Z of its node, with +Y up.
    OrthographicCameraRecord: 40 bytes, 12 reserved {
        /// The node.
        node_index: u32 = 0,
        /// The left side of the view.
        left: f32 = -10.0,
        /// The right side.
        right: f32 = 10.0,
        /// The lower side.
        bottom: f32 = -10.0,
        /// The upper side.
        top: f32 = 10.0,
        /// Distance of the near plane.
        near_plane: f32 = -100.0,
        /// Distance of the far plane.
        far_plane: f32 = 100.0,
    }
}

coded_enum! {
    /// How a light may change while the scene runs.
    LightMobility: u8, "light mobility" {
        /// In every way.
        RealTime = 0,
        /// Its indirect light is baked.
        Mixed = 1,
        /// All of its light is baked.
        Baked = 2,
    }
}

coded_enum! {
    /// How fine shadows are.
    ShadowResolution: u8, "shadow resolution" {
        /// Coarse.
        Low = 0,
        /// As usual.
        Medium = 1,
        /// Fine.
        High = 2,
        /// Very fine.
        Ultra = 3,
    }
}

coded_enum! {
    /// How light fades with distance.
    AttenuationModel: u8, "attenuation model" {
        /// With the square of the distance.
        InverseSquare = 0,
        /// Evenly, up to the range.
        Linear = 1,
        /// With a power of the distance.
        CustomExponent = 2,
    }
}

/// What all lights have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LightCommon {
    /// Whether it lights anything.
    pub affects_world: bool,
    /// Linear RGB.
    pub color: [f32; 3],
    /// In the unit of the source.
    pub intensity: f32,
    /// How it may change.
    pub mobility: LightMobility,
    /// Whether it casts shadows.
    pub casts_shadows: bool,
    /// Moves shadows away from the light.
    pub shadow_bias: f32,
    /// Moves shadows along the normal.
    pub shadow_normal_bias: f32,
    /// Whether there are contact shadows.
    pub contact_shadows: bool,
    /// How fine its shadows are.
    pub shadow_resolution: ShadowResolution,
    /// Stops of exposure.
    pub exposure_compensation_ev: f32,
}

impl Default for LightCommon {
    fn default() -> Self {
        Self {
            affects_world: true,
            color: [1.0; 3],
            intensity: 1.0,
            mobility: LightMobility::RealTime,
            casts_shadows: false,
            shadow_bias: 0.0,
            shadow_normal_bias: 0.0,
            contact_shadows: false,
            shadow_resolution: ShadowResolution::Medium,
            exposure_compensation_ev: 0.0,
        }
    }
}

impl Stored for LightCommon {
    const BYTES: usize = 48;

    fn write(&self, out: &mut ByteWriter) {
        self.affects_world.write(out);
        self.color.write(out);
        self.intensity.write(out);
        self.mobility.write(out);
        // The only truth value of a single byte.
        out.u8(u8::from(self.casts_shadows)).zeros(2);
        self.shadow_bias.write(out);
        self.shadow_normal_bias.write(out);
        self.contact_shadows.write(out);
        self.shadow_resolution.write(out);
        out.zeros(3);
        self.exposure_compensation_ev.write(out);
        out.zeros(4);
    }

    fn read(reader: &mut ByteReader<'_>) -> Result<Self, RecordError> {
        let affects_world = Stored::read(reader)?;
        let color = Stored::read(reader)?;
        let intensity = Stored::read(reader)?;
        let mobility = Stored::read(reader)?;
        let casts_shadows = match reader.u8()? {
            0 => false,
            1 => true,
            value => {
                return Err(RecordError::Value {
                    what: "truth value",
                    value: u32::from(value),
                });
            }
        };
        reader.take(2)?;
        let shadow_bias = Stored::read(reader)?;
        let shadow_normal_bias = Stored::read(reader)?;
        let contact_shadows = Stored::read(reader)?;
        let shadow_resolution = Stored::read(reader)?;
        reader.take(3)?;
        let exposure_compensation_ev = Stored::read(reader)?;
        reader.take(4)?;
        Ok(Self {
            affects_world,
            color,
            intensity,
            mobility,
            casts_shadows,
            shadow_bias,
            shadow_normal_bias,
            contact_shadows,
            shadow_resolution,
            exposure_compensation_ev,
        })
    }

    fn is_finite(&self) -> bool {
        self.color.is_finite()
            && [
                self.intensity,
                self.shadow_bias,
                self.shadow_normal_bias,
                self.exposure_compensation_ev,
            ]
            .is_finite()
    }
}

record! {
    /// Parallel light along the -Z of its node.
    DirectionalLightRecord: 96 bytes, 8 reserved {
        /// The node.
        node_index: u32 = 0,
        /// What all lights have.
        common: LightCommon = LightCommon::default(),
        /// The angle that the source covers in the sky.
        angular_size_radians: f32 = 0.0,
        /// Whether it lights the sky.
        environment_contribution: bool = false,
        /// Whether it is the sun.
        is_sun_light: bool = false,
        /// Shadow cascades: at most 4.
        cascade_count: u32 = 4,
        /// Where the cascades end; zeros for the engine's choice.
        cascade_distances: [f32; 4] = [0.0; 4],
        /// How cascades are distributed.
        distribution_exponent: f32 = 1.0,
    }
}

record! {
    /// Light to all sides.
    PointLightRecord: 80 bytes, 12 reserved {
        /// The node.
        node_index: u32 = 0,
        /// What all lights have.
        common: LightCommon = LightCommon::default(),
        /// Where it ends, in metres.
        range: f32 = 10.0,
        /// How it fades.
        attenuation: AttenuationModel = AttenuationModel::InverseSquare; 3,
        /// The power of [`AttenuationModel::CustomExponent`].
        decay_exponent: f32 = 2.0,
        /// The size of the source.
        source_radius: f32 = 0.0,
    }
}

record! {
    /// A cone of light along the -Z of its node.
    SpotLightRecord: 88 bytes, 12 reserved {
        /// The node.
        node_index: u32 = 0,
        /// What all lights have.
        common: LightCommon = LightCommon::default(),
        /// Where it ends, in metres.
        range: f32 = 10.0,
        /// How it fades.
        attenuation: AttenuationModel = AttenuationModel::InverseSquare; 3,
        /// The power of [`AttenuationModel::CustomExponent`].
        decay_exponent: f32 = 2.0,
        /// Full brightness up to this angle from the axis.
        inner_cone_angle_radians: f32 = 0.4,
        /// None beyond this angle from the axis.
        outer_cone_angle_radians: f32 = 0.6,
        /// The size of the source.
        source_radius: f32 = 0.0,
    }
}
