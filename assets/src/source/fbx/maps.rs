//! Values of material maps.
//!
//! The parser gives each material twice: as the classic properties that FBX itself defines, and as the
//! properties of a physically based surface, which it fills from either kind of material.

use ufbx::{Material, MaterialMap, Props, Texture};

/// A value with three components.
pub(super) fn color(map: &MaterialMap) -> Option<[f32; 3]> {
    let v = &map.value_vec4;
    let is_color = map.has_value && map.value_components >= 3;
    let color = [v.x, v.y, v.z].map(|x| x as f32);
    (is_color && color.iter().all(|x| x.is_finite())).then_some(color)
}

/// A value with one component.
pub(super) fn number(map: &MaterialMap) -> Option<f32> {
    let value = map.value_vec4.x as f32;
    (map.has_value && value.is_finite()).then_some(value)
}

/// A value that was authored as one number. That of a normal map is often a vector without a meaning.
pub(super) fn single_number(map: &MaterialMap) -> Option<f32> {
    number(map).filter(|_| map.value_components == 1)
}

/// The texture, unless the material turns it off.
pub(super) fn texture(map: &MaterialMap) -> Option<&Texture> {
    map.texture
        .as_ref()
        .filter(|_| map.texture_enabled)
        .map(AsRef::as_ref)
}

/// A number among the properties that an element has itself, not through a template.
pub(super) fn own_number(props: &Props, name: &str) -> Option<f64> {
    let mut own = props.props.iter();
    let prop = own.find(|prop| prop.name.as_ref() == name)?;
    Some(prop.value_vec4.x).filter(|value| value.is_finite())
}

/// The opacity, from 0 to 1.
///
/// Programs disagree about the classic properties. Maya writes a transparency factor of 1 for opaque
/// materials, so factor and colour only mean something together; most programs also write what they
/// mean as the legacy property `Opacity`, which is then the most reliable.
pub(super) fn opacity(material: &Material) -> f32 {
    let (fbx, pbr) = (&material.fbx, &material.pbr);
    let value = if let Some([r, g, b]) = color(&pbr.opacity) {
        (r + g + b) / 3.0
    } else if let Some(opacity) = number(&pbr.opacity) {
        opacity
    } else if material.features.pbr.enabled {
        1.0
    } else if let Some(opacity) = own_number(&material.element.props, "Opacity") {
        opacity as f32
    } else {
        let [r, g, b] = color(&fbx.transparency_color).unwrap_or([0.0; 3]);
        1.0 - number(&fbx.transparency_factor).unwrap_or(1.0) * (r + g + b) / 3.0
    };
    value.clamp(0.0, 1.0)
}

/// The texture of the opacity.
pub(super) fn opacity_texture(material: &Material) -> Option<&Texture> {
    let (fbx, pbr) = (&material.fbx, &material.pbr);
    texture(&pbr.opacity)
        .or_else(|| texture(&fbx.transparency_color))
        .or_else(|| texture(&fbx.transparency_factor))
}
