//! The environment block: sky, fog, clouds and post-processing of a scene.

use thiserror::Error;

use crate::format::{
    bytes::{ByteReader, ByteWriter, OutOfBytes},
    ids::AssetKey,
    record::{RecordError, Stored, coded_enum, record},
};

coded_enum! {
    /// What fog is like.
    FogModel: u32, "fog model" {
        /// Thinner with height.
        ExponentialHeight = 0,
        /// Lit by the lights of the scene.
        Volumetric = 1,
    }
}

coded_enum! {
    /// Where the light of the sky comes from.
    SkyLightSource: u32, "sky light source" {
        /// The scene itself.
        CapturedScene = 0,
        /// A cube map.
        CubeMap = 1,
    }
}

coded_enum! {
    /// What the sky shows.
    SkySphereSource: u32, "sky sphere source" {
        /// A cube map.
        CubeMap = 0,
        /// One colour.
        SolidColor = 1,
    }
}

coded_enum! {
    /// How light becomes colour.
    ToneMapper: u32, "tone mapper" {
        /// A fit of the ACES curve.
        AcesFitted = 0,
        /// Reinhard's curve.
        Reinhard = 1,
        /// Not at all.
        None = 2,
    }
}

coded_enum! {
    /// Who sets the exposure.
    ExposureMode: u32, "exposure mode" {
        /// The scene.
        Manual = 0,
        /// The engine.
        Automatic = 1,
    }
}

record! {
    /// An atmosphere.
    SkyAtmosphere: 108 bytes, 16 reserved {
        /// Whether it is there.
        enabled: bool = true,
        /// The radius of the planet.
        planet_radius_m: f32 = 6_360_000.0,
        /// How high the atmosphere is.
        atmosphere_height_m: f32 = 80_000.0,
        /// The colour of the ground.
        ground_albedo: [f32; 3] = [0.1; 3],
        /// Rayleigh scattering.
        rayleigh_scattering: [f32; 3] = [5.8e-6, 13.5e-6, 33.1e-6],
        /// The height over which it falls.
        rayleigh_scale_height_m: f32 = 8000.0,
        /// Mie scattering.
        mie_scattering: [f32; 3] = [21e-6; 3],
        /// The height over which it falls.
        mie_scale_height_m: f32 = 1200.0,
        /// The anisotropy of Mie scattering.
        mie_g: f32 = 0.8,
        /// Absorption.
        absorption: [f32; 3] = [0.0; 3],
        /// The height over which it falls.
        absorption_scale_height_m: f32 = 25_000.0,
        /// Strength of multiple scattering.
        multi_scattering_factor: f32 = 1.0,
        /// Whether the disk of the sun is drawn.
        sun_disk_enabled: bool = true,
        /// Its angular radius.
        sun_disk_angular_radius_radians: f32 = 0.004_675,
        /// A factor of distances in aerial perspective.
        aerial_perspective_distance_scale: f32 = 1.0,
    }
}

record! {
    /// Clouds.
    VolumetricClouds: 76 bytes, 16 reserved {
        /// Whether they are there.
        enabled: bool = true,
        /// Where they begin.
        base_altitude_m: f32 = 1500.0,
        /// How thick the layer is.
        layer_thickness_m: f32 = 4000.0,
        /// How much of the sky they cover.
        coverage: f32 = 0.5,
        /// How dense they are.
        density: f32 = 0.5,
        /// Their colour.
        albedo: [f32; 3] = [0.9; 3],
        /// A factor of extinction.
        extinction_scale: f32 = 1.0,
        /// The anisotropy of scattering.
        phase_g: f32 = 0.6,
        /// Where the wind blows to.
        wind_direction: [f32; 3] = [1.0, 0.0, 0.0],
        /// How fast it blows.
        wind_speed_mps: f32 = 10.0,
        /// Strength of shadows.
        shadow_strength: f32 = 0.8,
    }
}

record! {
    /// Fog.
    Fog: 64 bytes, 16 reserved {
        /// Whether it is there.
        enabled: bool = true,
        /// What it is like.
        model: FogModel = FogModel::ExponentialHeight,
        /// How dense it is.
        density: f32 = 0.01,
        /// How fast it thins with height.
        height_falloff: f32 = 0.2,
        /// Where the height counts from.
        height_offset_m: f32 = 0.0,
        /// Where it begins.
        start_distance_m: f32 = 0.0,
        /// How much it hides at most.
        max_opacity: f32 = 1.0,
        /// Its colour.
        albedo: [f32; 3] = [1.0; 3],
        /// The anisotropy of scattering.
        anisotropy_g: f32 = 0.0,
        /// Strength of scattering.
        scattering_intensity: f32 = 1.0,
    }
}

record! {
    /// The light of the sky.
    SkyLight: 64 bytes, 16 reserved {
        /// Whether it is there.
        enabled: bool = true,
        /// Where it comes from.
        source: SkyLightSource = SkyLightSource::CapturedScene,
        /// The cube map.
        cube_map: AssetKey = AssetKey::NONE,
        /// Its strength.
        intensity: f32 = 1.0,
        /// Its colour.
        tint: [f32; 3] = [1.0; 3],
        /// Strength of diffuse light.
        diffuse_intensity: f32 = 1.0,
        /// Strength of reflections.
        specular_intensity: f32 = 1.0,
    }
}

record! {
    /// What is seen where nothing else is.
    SkySphere: 72 bytes, 16 reserved {
        /// Whether it is there.
        enabled: bool = true,
        /// What it shows.
        source: SkySphereSource = SkySphereSource::CubeMap,
        /// The cube map.
        cube_map: AssetKey = AssetKey::NONE,
        /// The one colour.
        solid_color: [f32; 3] = [0.0; 3],
        /// Its strength.
        intensity: f32 = 1.0,
        /// Its turn about the vertical.
        rotation_radians: f32 = 0.0,
        /// Its tint.
        tint: [f32; 3] = [1.0; 3],
    }
}

record! {
    /// Post-processing.
    PostProcessVolume: 68 bytes, 16 reserved {
        /// Whether it is done.
        enabled: bool = true,
        /// How light becomes colour.
        tone_mapper: ToneMapper = ToneMapper::AcesFitted,
        /// Who sets the exposure.
        exposure_mode: ExposureMode = ExposureMode::Automatic,
        /// Stops of exposure.
        exposure_compensation_ev: f32 = 0.0,
        /// The least automatic exposure.
        auto_exposure_min_ev: f32 = -6.0,
        /// The most automatic exposure.
        auto_exposure_max_ev: f32 = 16.0,
        /// How fast it rises.
        auto_exposure_speed_up: f32 = 3.0,
        /// How fast it falls.
        auto_exposure_speed_down: f32 = 1.0,
        /// Strength of bloom.
        bloom_intensity: f32 = 0.0,
        /// The light that blooms.
        bloom_threshold: f32 = 1.0,
        /// Saturation.
        saturation: f32 = 1.0,
        /// Contrast.
        contrast: f32 = 1.0,
        /// How dark the corners are.
        vignette_intensity: f32 = 0.0,
    }
}

/// One system of the environment.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum EnvironmentRecord {
    /// An atmosphere.
    SkyAtmosphere(SkyAtmosphere),
    /// Clouds.
    VolumetricClouds(VolumetricClouds),
    /// Fog.
    Fog(Fog),
    /// The light of the sky.
    SkyLight(SkyLight),
    /// What is seen where nothing else is.
    SkySphere(SkySphere),
    /// Post-processing.
    PostProcessVolume(PostProcessVolume),
    /// A system that is not known here. Loaders skip it.
    Other(OtherEnvironment),
}

/// A system that is not known here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherEnvironment {
    system: u32,
    body: Vec<u8>,
}

/// Why bytes are not the record of a system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EnvironmentError {
    /// Too short for the header.
    #[error("{0} bytes are too few for a record header of 8")]
    TooSmall(usize),
    /// A size that does not even cover the header.
    #[error("the size of the record is {0}, less than its header of 8 bytes")]
    SizeInvalid(u32),
    /// Fewer bytes than the header says.
    #[error("the record says {stored} bytes, but there are {actual}")]
    SizeMismatch {
        /// As the header says.
        stored: u32,
        /// How many there are.
        actual: usize,
    },
    /// A known system with another size, which loaders refuse.
    #[error("a record of system {system} has {expected} bytes, not {stored}")]
    KnownSize {
        /// The system.
        system: u32,
        /// As the header says.
        stored: u32,
        /// As loaders want it.
        expected: usize,
    },
    /// A field that cannot be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// An infinite number, or none at all.
    #[error("a number in the record of system {0} is not finite")]
    NotFinite(u32),
}

impl From<OutOfBytes> for EnvironmentError {
    fn from(error: OutOfBytes) -> Self {
        Self::Record(error.into())
    }
}

const HEADER_BYTES: usize = 8;

macro_rules! known_systems {
    ($($system:literal $name:ident),*) => {
        impl EnvironmentRecord {
            /// The number of the system.
            pub fn system(&self) -> u32 {
                match self {
                    $( Self::$name(_) => $system, )*
                    Self::Other(other) => other.system,
                }
            }

            /// Bytes of the record, its header included.
            pub(super) fn stored_bytes(&self) -> usize {
                HEADER_BYTES + match self {
                    $( Self::$name(_) => $name::BYTES, )*
                    Self::Other(other) => other.body.len(),
                }
            }

            pub(super) fn is_finite(&self) -> bool {
                match self {
                    $( Self::$name(record) => record.is_finite(), )*
                    Self::Other(_) => true,
                }
            }

            pub(super) fn write(&self, out: &mut ByteWriter) {
                // No record is longer than a block, whose size was checked.
                out.u32(self.system()).u32(self.stored_bytes() as u32);
                match self {
                    $( Self::$name(record) => record.write(out), )*
                    Self::Other(other) => {
                        out.bytes(&other.body);
                    }
                }
            }

            fn read_body(system: u32, size: u32, body: &[u8]) -> Result<Self, EnvironmentError> {
                let mut reader = ByteReader::new(body);
                match system {
                    $(
                        $system if body.len() == $name::BYTES => {
                            Ok(Self::$name(Stored::read(&mut reader)?))
                        }
                        $system => Err(EnvironmentError::KnownSize {
                            system,
                            stored: size,
                            expected: HEADER_BYTES + $name::BYTES,
                        }),
                    )*
                    _ => Ok(Self::Other(OtherEnvironment {
                        system,
                        body: body.to_vec(),
                    })),
                }
            }
        }
    };
}
known_systems!(
    0 SkyAtmosphere,
    1 VolumetricClouds,
    2 Fog,
    3 SkyLight,
    4 SkySphere,
    5 PostProcessVolume
);

impl EnvironmentRecord {
    /// A system that is not known here. Its number must not be that of a known one.
    pub fn other(system: u32, body: Vec<u8>) -> Option<Self> {
        let is_unknown = system > 5 && u32::try_from(body.len() + HEADER_BYTES).is_ok();
        is_unknown.then_some(Self::Other(OtherEnvironment { system, body }))
    }

    /// The stored form: a header of system and size, and the body.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = ByteWriter::with_capacity(self.stored_bytes());
        self.write(&mut out);
        out.finish()
    }

    /// Reads a record; bytes beyond the size that its header says are left out.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn parse(bytes: &[u8]) -> Result<Self, EnvironmentError> {
        let mut reader = ByteReader::new(bytes);
        let (Ok(system), Ok(size)) = (reader.u32(), reader.u32()) else {
            return Err(EnvironmentError::TooSmall(bytes.len()));
        };
        let Some(len) = (size as usize).checked_sub(HEADER_BYTES) else {
            return Err(EnvironmentError::SizeInvalid(size));
        };
        let Ok(body) = reader.take(len) else {
            return Err(EnvironmentError::SizeMismatch {
                stored: size,
                actual: bytes.len(),
            });
        };
        let record = Self::read_body(system, size, body)?;
        if record.is_finite() {
            Ok(record)
        } else {
            Err(EnvironmentError::NotFinite(system))
        }
    }
}
