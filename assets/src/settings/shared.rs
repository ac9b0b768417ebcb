//! Settings that many jobs have in common.

use serde::{Serialize, Serializer};
use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
};

/// Settings that are shared until somebody changes them: a clone costs nothing, and the first change of one
/// makes it a value of its own. It is used like the value.
///
/// ```
/// # use bevy_kiln_assets::settings::{shared::Shared, texture::TextureOptions};
/// let all = Shared::<TextureOptions>::default();
/// let mut one = all.clone();
/// one.max_mips = Some(3);
/// assert_eq!((all.max_mips, one.max_mips), (None, Some(3)));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Shared<T>(Arc<T>);

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Clone> DerefMut for Shared<T> {
    fn deref_mut(&mut self) -> &mut T {
        Arc::make_mut(&mut self.0)
    }
}

impl<T> From<T> for Shared<T> {
    fn from(value: T) -> Self {
        Self(Arc::new(value))
    }
}

/// One value is equal to itself, whatever it holds.
impl<T: PartialEq> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

impl<T: Serialize> Serialize for Shared<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}
