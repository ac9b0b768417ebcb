//! URIs: embedded data, or a file beside the source.
//!
//! glTF 2.0, section 2.8: data URIs (RFC 2397) and relative paths (RFC 3986). Everything else, such as
//! `file:` and `http:`, is refused: an import reads no files but those of its own folder and of folders
//! that were allowed.

use crate::source::path::{SourcePath, SourcePathError};
use base64::{Engine, prelude::BASE64_STANDARD};
use percent_encoding::percent_decode_str;
use std::borrow::Cow;
use thiserror::Error;

/// What a URI stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Uri<'a> {
    /// Data in the URI itself.
    Data(DataUri<'a>),
    /// A file.
    File(SourcePath),
}

/// Data that is not decoded yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DataUri<'a> {
    /// The media type, such as `image/png`; may be empty.
    pub(super) media_type: &'a str,
    payload: &'a str,
}

/// Why a URI cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum UriError {
    /// A scheme other than `data`.
    #[error("URIs of the scheme `{0}` are not read, only relative paths and data")]
    Scheme(String),
    /// A path that is not relative, or names no file.
    #[error(transparent)]
    Path(#[from] SourcePathError),
    /// Bytes that are no text.
    #[error("the path is not UTF-8 when it is decoded")]
    NotUtf8,
    /// Data without a comma, or not in base64.
    #[error("the data URI is not of the form `data:<type>;base64,<data>`")]
    NoData,
    /// Data that is no base64.
    #[error("the data is not base64: {0}")]
    Base64(String),
}

impl<'a> Uri<'a> {
    /// Tells what a URI stands for. Nothing is decoded but paths.
    ///
    /// # Errors
    /// The rule that is broken.
    pub(super) fn parse(uri: &'a str) -> Result<Self, UriError> {
        // A colon before the first slash ends a scheme, or a drive of Windows.
        let head = uri.split(['/', '\\', '?', '#']).next().unwrap_or(uri);
        if let Some((scheme, _)) = head.split_once(':') {
            if !scheme.eq_ignore_ascii_case("data") {
                let short: String = scheme.chars().take(32).collect();
                return Err(UriError::Scheme(short));
            }
            return DataUri::parse(&uri[scheme.len() + 1..]).map(Self::Data);
        }
        let path = percent_decode_str(uri)
            .decode_utf8()
            .map_err(|_| UriError::NotUtf8)?;
        Ok(Self::File(SourcePath::new(path)?))
    }
}

impl<'a> DataUri<'a> {
    fn parse(data: &'a str) -> Result<Self, UriError> {
        let (head, payload) = data.split_once(',').ok_or(UriError::NoData)?;
        let mut fields = head.split(';');
        let media_type = fields.next().unwrap_or_default();
        match fields.next_back() {
            Some(last) if last.trim().eq_ignore_ascii_case("base64") => Ok(Self {
                media_type,
                payload,
            }),
            _ => Err(UriError::NoData),
        }
    }

    /// At least as many bytes as there are when the data is decoded.
    pub(super) fn max_len(&self) -> u64 {
        (self.payload.len() as u64).div_ceil(4).saturating_mul(3)
    }

    /// Decodes the data. The alphabet is the standard one, with padding; anything else is refused.
    ///
    /// # Errors
    /// [`UriError::Base64`].
    pub(super) fn decode(&self) -> Result<Vec<u8>, UriError> {
        let payload: Cow<'_, [u8]> = if self.payload.contains('%') {
            percent_decode_str(self.payload).collect()
        } else {
            Cow::Borrowed(self.payload.as_bytes())
        };
        BASE64_STANDARD
            .decode(payload)
            .map_err(|error| UriError::Base64(error.to_string()))
    }
}

/// A URI as it is shown in messages: embedded data is left out.
pub(super) fn shown(uri: &str) -> String {
    const LONGEST: usize = 120;
    let mut text: String = uri.chars().take(LONGEST).collect();
    if text.len() < uri.len() {
        text.push_str("...");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(uri: &str) -> String {
        match Uri::parse(uri) {
            Ok(Uri::File(path)) => path.as_str().to_owned(),
            other => panic!("{uri}: {other:?}"),
        }
    }

    #[test]
    fn paths_are_decoded_once_and_normalised() {
        for (uri, path) in [
            ("my%20tex%20%C3%BC.png", "my tex ü.png"),
            ("./t//a.bin", "t/a.bin"),
            ("100%.png", "100%.png"),
            ("a#b?c.png", "a#b?c.png"),
            ("..%2Fa.png", "../a.png"),
            ("%2e%2e/%2e%2e/etc/hostname", "../../etc/hostname"),
            ("%252e%252e/a", "%2e%2e/a"),
            ("t\\a.png", "t/a.png"),
        ] {
            assert_eq!(file(uri), path, "{uri}");
        }
    }

    #[test]
    fn what_is_no_relative_path_is_refused() {
        for uri in [
            "file:///etc/hostname",
            "FILE:a",
            "http://x/y",
            "C:/a.bin",
            "c:a",
            "/etc/passwd",
            "%2Fetc/passwd",
            "\\\\host\\share",
            "a%3Ab",
            "a%00b",
            "%ff",
            "",
            ".",
        ] {
            assert!(Uri::parse(uri).is_err(), "{uri}");
        }
    }

    #[test]
    fn data_is_strict_base64() {
        let decode = |uri: &str| match Uri::parse(uri)? {
            Uri::Data(data) => {
                let bytes = data.decode()?;
                assert!(bytes.len() as u64 <= data.max_len());
                Ok((data.media_type.to_owned(), bytes))
            }
            Uri::File(_) => panic!("{uri} is data"),
        };
        let hello = Ok(("image/png".to_owned(), b"hello".to_vec()));
        assert_eq!(decode("data:image/png;base64,aGVsbG8="), hello);
        assert_eq!(decode("DATA:image/png;charset=x;BASE64,aGVsbG8%3D"), hello);
        assert_eq!(decode("data:;base64,"), Ok((String::new(), Vec::new())));
        for broken in [
            "data:image/png;base64,aGVsbG8",
            "data:image/png;base64,aGVsbG8==",
            "data:image/png;base64,aGVs bG8=",
            "data:image/png;base64,aGVsbG9=",
            "data:image/png;base64,@@@@",
            "data:image/png,hello",
            "data:image/png;base64",
            "data:",
        ] {
            let error: Result<_, UriError> = decode(broken);
            assert!(error.is_err(), "{broken}");
        }
    }
}
