//! What becomes of a texture that could not be cooked.

use super::{CookedTexture, TextureError};
use crate::diagnostic::{Diagnostic, codes::texture as codes};

/// What a failure means to those who want to use the texture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FailurePolicy {
    /// There is no texture.
    #[default]
    Strict,
    /// The fallback texture (index 0 of every table) takes its place.
    Placeholder,
}

/// How cooking ended.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum CookOutcome {
    /// With a texture.
    Cooked(Box<CookedTexture>),
    /// With an error; nothing takes the place of the texture.
    Failed(TextureError),
    /// With an error; the fallback texture takes its place. No payload is made for it.
    UsedPlaceholder(TextureError),
    /// It was stopped, which is no error and needs no placeholder.
    Cancelled,
}

impl FailurePolicy {
    /// How cooking ended under this policy.
    pub fn judge(self, result: Result<CookedTexture, TextureError>) -> CookOutcome {
        match result {
            Ok(cooked) => CookOutcome::Cooked(Box::new(cooked)),
            Err(error) if error.is_cancelled() => CookOutcome::Cancelled,
            Err(error) => match self {
                Self::Strict => CookOutcome::Failed(error),
                Self::Placeholder => CookOutcome::UsedPlaceholder(error),
            },
        }
    }
}

impl CookOutcome {
    /// Whether the fallback texture takes the place of the texture.
    pub fn used_placeholder(&self) -> bool {
        matches!(self, Self::UsedPlaceholder(_))
    }

    /// What there is to tell: the warnings of a texture; or the error, and that the fallback is used.
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        match self {
            Self::Cooked(cooked) => cooked.warnings().to_vec(),
            Self::Failed(error) => error.diagnostic().into_iter().collect(),
            Self::UsedPlaceholder(error) => {
                let told = Diagnostic::new(
                    codes::PLACEHOLDER_USED,
                    "the fallback texture takes the place of the one that failed",
                );
                error.diagnostic().into_iter().chain([told]).collect()
            }
            Self::Cancelled => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cook::pace::Cancelled, source::image::ImageError};

    #[test]
    fn failures_are_judged_by_the_policy() {
        let failure = || Err(TextureError::Image(ImageError::Empty));
        let codes = |outcome: &CookOutcome| {
            let told = outcome.diagnostics();
            told.iter().map(|one| one.code.id()).collect::<Vec<_>>()
        };
        let strict = FailurePolicy::Strict.judge(failure());
        assert!(!strict.used_placeholder());
        assert_eq!(codes(&strict), ["texture.image.unknown_format"]);
        let lenient = FailurePolicy::Placeholder.judge(failure());
        assert!(lenient.used_placeholder());
        assert_eq!(
            codes(&lenient),
            ["texture.image.unknown_format", "texture.placeholder_used"]
        );
        // The error stays an error.
        assert!(lenient.diagnostics()[0].is_error());
    }

    #[test]
    fn a_cancelled_texture_is_never_replaced() {
        for policy in [FailurePolicy::Strict, FailurePolicy::Placeholder] {
            for error in [
                TextureError::Cancelled(Cancelled),
                TextureError::Image(ImageError::Cancelled(Cancelled)),
            ] {
                let outcome = policy.judge(Err(error));
                assert_eq!(outcome, CookOutcome::Cancelled);
                assert!(outcome.diagnostics().is_empty());
            }
        }
    }
}
